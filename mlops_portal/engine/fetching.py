"""Getting bytes from outside, under one deadline, with every size capped, and with words of our own for what fails.

One event loop and one session per process, made at first use (so after any fork) and kept: kept connections are half
of what a pull costs, and a look-up that hangs holds up nobody (RELIABILITY F22–F24, S1–S8).
"""

import asyncio
import os
import ssl
import threading
import zlib
from collections.abc import Awaitable, Coroutine, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import aiohttp

from mlops_portal.engine import egress
from mlops_portal.engine.guard import guarded

T = TypeVar("T")
within = asyncio.timeout  # one clock over everything: look-up, TLS, headers, body

AGENT = "mlops-portal"
LONGEST_HEADER = 8190
CHUNK = 64 * 1024
FOLLOW_REDIRECTS = False  # a person gives the new address, and may give it no credentials
LOOK_UPS_AT_ONCE = 64
CONNECTIONS = 200
CONNECTIONS_PER_HOST = 16


@dataclass(frozen=True)
class Fetched:
    """An answer: `body` is unpacked, `bytes` its size."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    bytes: int

    def require_ok(self) -> None:
        """Return when the status is 200. Raises FetchFailed."""
        if 300 <= self.status < 400:
            raise FetchFailed("http_error", f"The target answered with a redirect ({self.status}): give its new URL.")
        if self.status in (401, 403):
            raise FetchFailed("http_error", f"The target answered {self.status}: it does not take these credentials.")
        if self.status != 200:
            raise FetchFailed("http_error", f"The target answered {self.status}.")


class FetchFailed(Exception):
    """Nothing usable came: `outcome` is a word of the pulls' table, the text one sentence for people."""

    def __init__(self, outcome: str, sentence: str):
        super().__init__(sentence)
        self.outcome = outcome


class BadAuthority(ValueError):
    """What was given as certificates of authorities is none, or more than that."""

    def __init__(self) -> None:
        super().__init__("Give certificates alone, as text: each from BEGIN CERTIFICATE to END CERTIFICATE.")


class _Pool(ThreadPoolExecutor):
    """Does its work in the context of whoever hands it in: a guard goes along."""

    def submit(self, work, /, *args, **kwargs):
        return super().submit(copy_context().run, work, *args, **kwargs)


class _Home:
    """This process's loop, in a thread of its own, and its session."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.look_ups = _Pool(LOOK_UPS_AT_ONCE, thread_name_prefix="look-up")
        self.loop.set_default_executor(self.look_ups)
        self.thread = threading.Thread(target=self.loop.run_forever, name="fetching", daemon=True)
        self.thread.start()
        self.session: aiohttp.ClientSession = asyncio.run_coroutine_threadsafe(_open_session(), self.loop).result()

    def end(self) -> None:
        """Close the session and end the loop; look-ups that hang are left alone."""
        asyncio.run_coroutine_threadsafe(self.session.close(), self.loop).result(timeout=5)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(timeout=5)
        self.look_ups.shutdown(wait=False, cancel_futures=True)
        self.loop.close()


async def _open_session() -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        limit=CONNECTIONS,
        limit_per_host=CONNECTIONS_PER_HOST,
        use_dns_cache=False,
        happy_eyeballs_delay=None,  # one address after the other: a refused one ends it
        resolver=aiohttp.ThreadedResolver(),  # Python's own: the guard notes which name led where
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),  # ours is over everything
        auto_decompress=False,
        trust_env=False,
        max_line_size=LONGEST_HEADER,
        max_field_size=LONGEST_HEADER,
        headers={"User-Agent": AGENT, "Accept-Encoding": "gzip, deflate"},
    )


_home: _Home | None = None
_making = threading.Lock()


def _forget() -> None:
    global _home, _making
    _home, _making = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)


def home() -> _Home:
    """Return this process's loop and session, made at first use."""
    global _home
    with _making:
        if _home is None:
            _home = _Home()
        return _home


def submit(coroutines: Iterable[Coroutine[Any, Any, T]]) -> "list[Future[T]]":
    """Start coroutines on this process's loop, which is woken once for all of them; return their futures."""
    started: list[tuple[Coroutine[Any, Any, T], Future[T]]] = [(one, Future()) for one in coroutines]
    if started:
        home().loop.call_soon_threadsafe(_start, started)
    return [future for _, future in started]


_running: set[asyncio.Task] = set()  # the loop itself keeps no task from being thrown away


def _start(started: "list[tuple[Coroutine[Any, Any, T], Future[T]]]") -> None:
    for coroutine, future in started:
        task = asyncio.ensure_future(_settle(coroutine, future))
        _running.add(task)
        task.add_done_callback(_running.discard)


async def _settle(coroutine: Coroutine[Any, Any, T], future: "Future[T]") -> None:
    try:
        future.set_result(await coroutine)
    except BaseException as error:
        future.set_exception(error)
        if not isinstance(error, Exception):
            raise


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on this process's loop from synchronous code; return or raise what it does."""
    (future,) = submit([coroutine])
    return future.result()


def close() -> None:
    """Close the session and end the loop of this process, if there are any; the next use makes new ones."""
    global _home
    with _making:
        if _home is not None:
            _home.end()
        _home = None


async def fetch(url: str, *, headers: Mapping[str, str], deadline_s: float, max_bytes: int, ca: str = "") -> Fetched:
    """Return the answer to a GET, whatever its status; look-up, connecting, headers and body within `deadline_s`.

    Redirects are not followed. TLS is always verified, against `ca` (PEM) alone where it is given. Raises FetchFailed.
    """
    try:
        async with within(deadline_s):
            return await _in_own_words(_get(url, headers, max_bytes, ca))
    except TimeoutError:
        raise FetchFailed("timeout", f"No whole answer came within {deadline_s:g} s.") from None


@lru_cache(CONNECTIONS)
def trusting(ca: str = "") -> ssl.SSLContext:
    """Return what verifies a target: against the authorities in `ca` (PEM) alone, or without it the system's.

    Raises BadAuthority. One for each, so that kept connections are found again.
    """
    if ca and (not ca.isascii() or "PRIVATE KEY" in ca):
        raise BadAuthority
    try:
        context = ssl.create_default_context(cadata=ca or None)
    except (ssl.SSLError, ValueError):
        raise BadAuthority from None
    context.set_alpn_protocols(["http/1.1"])
    return context


async def _in_own_words(answer: Awaitable[Fetched]) -> Fetched:
    """Wait for an answer; what the library says of a failure carries bytes of the answer, so it is never passed on."""
    try:
        return await answer
    except egress.Refused as error:
        raise FetchFailed("refused", str(error)) from None
    except aiohttp.ClientConnectorDNSError:
        raise FetchFailed("http_error", "The name of the host is not known.") from None
    except (ssl.CertificateError, aiohttp.ClientConnectorCertificateError):
        raise FetchFailed("http_error", "The certificate of the target could not be verified.") from None
    except (ssl.SSLError, aiohttp.ClientSSLError):
        raise FetchFailed("http_error", "The target does not speak TLS: is its address https:// at all?") from None
    except aiohttp.ClientConnectorError:
        raise FetchFailed("http_error", "The target takes no connection.") from None
    except aiohttp.ClientPayloadError:
        raise FetchFailed("cut", "The answer ended before it was whole.") from None
    except (aiohttp.ServerDisconnectedError, ConnectionError):
        raise FetchFailed("cut", "The target closed the connection before it had answered.") from None
    except (aiohttp.ClientError, ValueError):
        raise FetchFailed("http_error", "What the target answered is not proper HTTP.") from None


async def _get(url: str, headers: Mapping[str, str], max_bytes: int, ca: str) -> Fetched:
    egress.check_url(url)
    more: dict[str, Any] = {"headers": headers, "ssl": trusting(ca), "allow_redirects": FOLLOW_REDIRECTS}
    with guarded():
        async with home().session.get(url, **more) as answer:
            body = await _body(answer, max_bytes) if answer.status == 200 else b""
            return Fetched(answer.status, answer.headers, body, len(body))


async def _body(answer: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    unpacked, size = _unpacker(answer.headers.get("Content-Encoding", "")), 0
    parts = []
    async for chunk in answer.content.iter_chunked(CHUNK):
        for part in unpacked.take(chunk):
            size += len(part)
            if size > max_bytes:
                raise FetchFailed("over_limit", f"The answer is larger than {max_bytes} bytes, unpacked.")
            parts.append(part)
    unpacked.end()
    return b"".join(parts)


class _Plain:
    """Takes bytes as they are."""

    def take(self, chunk: bytes):
        yield chunk

    def end(self) -> None:
        """Nothing is left inside."""


class _Packed(_Plain):
    """Unpacks gzip and zlib, never more than a chunk at a time, so that a bomb is seen before it goes off."""

    def __init__(self) -> None:
        self.inner = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: either of the two, by its header

    def take(self, chunk: bytes):
        try:
            part = b"a first time"
            while chunk or len(part) == CHUNK:  # a full part: there may be more inside
                yield (part := self.inner.decompress(chunk, CHUNK))
                chunk = self.inner.unconsumed_tail
        except zlib.error:
            raise FetchFailed("parse_error", "The packing of the answer is broken.") from None

    def end(self) -> None:
        if not self.inner.eof or self.inner.unused_data:
            raise FetchFailed("cut", "The packed answer does not end where it should.")


def _unpacker(encoding: str) -> _Plain:
    match encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip" | "deflate":
            return _Packed()
    raise FetchFailed("parse_error", "The answer is packed in a way that was not asked for.")
