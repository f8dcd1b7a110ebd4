"""Targets of the bench: one small process that answers for many metrics pages, on many addresses of loopback."""

import asyncio
import contextlib
import http.client
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

HOSTS = 20
SERIES = 100
VARIANTS = 16  # pages whose values differ, one after the other
HOSTILE = ("hang", "drip", "error", "cut", "prose")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: %d\r\n\r\n"


def host(number: int) -> str:
    """Return the address of target `number`."""
    return f"127.0.1.{number % HOSTS + 1}"


def page(variant: int) -> bytes:
    """Return a metrics page of SERIES series in ten families; only the values depend on `variant`."""
    lines = []
    for family in range(SERIES // 10):
        name = f"model_server_requests_seconds_{family}"
        lines += [f"# HELP {name} What the model server counts of its requests.", f"# TYPE {name} gauge"]
        lines += [
            f'{name}{{model="churn-classifier",version="3",route="/predict/{n}",code="200"}} '
            f"{(family + 1) * (n + 3) / 7 + variant / 10:.6f}"
            for n in range(10)
        ]
    return "".join(line + "\n" for line in lines).encode()


def selectors() -> list[dict]:
    """Return what is watched of a page: each of its series."""
    return [
        {"series": f"model_server_requests_seconds_{family}", "labels": {"route": f"/predict/{n}"}}
        for family in range(SERIES // 10)
        for n in range(10)
    ]


@dataclass(frozen=True)
class Targets:
    """A process of targets that runs; `port` is the same on all its addresses."""

    port: int

    @property
    def places(self) -> str:
        """What PORTAL_EGRESS_ALLOW_LOCAL has to hold."""
        return ",".join(f"{host(n)}:{self.port}" for n in range(HOSTS))

    def url(self, number: int, way: str = "t") -> str:
        """Return the address of the page of target `number`; `way` is "t", or a word of HOSTILE."""
        return f"http://{host(number)}:{self.port}/{way}/{number}"

    def hits(self) -> int:
        """Return how many whole pages were given so far."""
        asking = http.client.HTTPConnection(host(0), self.port, timeout=10)
        with contextlib.closing(asking):
            asking.request("GET", "/hits")
            return int(asking.getresponse().read())


@contextlib.contextmanager
def targets() -> Iterator[Targets]:
    """Run the targets in a process of their own for as long as the block lasts."""
    with subprocess.Popen([sys.executable, "-m", "bench.targets"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield Targets(int(process.stdout.readline()))
        finally:
            process.terminate()


class _Answering(asyncio.Protocol):
    """One connection, kept; HTTP as far as a GET without a body needs it."""

    hits = 0
    pages = [HEAD % len(body) + body for body in map(page, range(VARIANTS))]

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.heard = b""

    def data_received(self, data: bytes) -> None:
        self.heard += data
        while b"\r\n\r\n" in self.heard:
            request, _, self.heard = self.heard.partition(b"\r\n\r\n")
            self._answer(request.split(b" ", 2)[1].split(b"/")[1].decode())

    def _answer(self, way: str) -> None:
        kind = _Answering
        match way:
            case "hang":
                return
            case "drip":
                self.transport.write(HEAD % 1_000_000)
                self._drip()
            case "error":
                self.transport.write(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
            case "cut":
                self.transport.write(kind.pages[0][:-2000])
                self.transport.close()
            case "prose":
                self.transport.write(HEAD % 12 + b"hello world\n")
            case "hits":
                body = str(kind.hits).encode()
                self.transport.write(HEAD % len(body) + body)
            case _:
                kind.hits += 1
                self.transport.write(kind.pages[kind.hits // 1000 % VARIANTS])

    def _drip(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(b"#")
            asyncio.get_running_loop().call_later(0.5, self._drip)


async def _serve() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 8192)), hard))
    with socket.create_server((host(0), 0)) as probe:
        port = probe.getsockname()[1]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Answering, [host(n) for n in range(HOSTS)], port, backlog=1024)
    print(port, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve())
