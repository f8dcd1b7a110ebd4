"""A target on loopback that answers as badly as a test asks: each path is a way of going wrong."""

import contextlib
import gzip
import socket
import ssl
import threading
import time
import zlib

PAGE = b"# TYPE up gauge\nup 1\n"
PLAIN = b"Content-Type: text/plain; version=0.0.4\r\n"


def answer(body: bytes, *, status: bytes = b"200 OK", headers: bytes = PLAIN, length: int | None = None) -> bytes:
    size = b"Content-Length: %d\r\n" % (len(body) if length is None else length)
    return b"HTTP/1.1 " + status + b"\r\n" + size + headers + b"Connection: close\r\n\r\n" + body


def without_length(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + PLAIN + b"Connection: close\r\n\r\n" + body


def _bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    first = packer.compress(b"\n" * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(b"\n" * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + again * (size // 1_000_000 - 1)


ANSWERS = {
    "/ok": lambda: answer(PAGE),
    "/gzip": lambda: answer(gzip.compress(PAGE), headers=PLAIN + b"Content-Encoding: gzip\r\n"),
    "/deflate": lambda: answer(zlib.compress(PAGE), headers=PLAIN + b"Content-Encoding: deflate\r\n"),
    "/bomb": lambda: answer(_bomb(200_000_000), headers=PLAIN + b"Content-Encoding: gzip\r\n"),
    "/half-gzip": lambda: answer(gzip.compress(PAGE)[:-9], headers=PLAIN + b"Content-Encoding: gzip\r\n"),
    "/brotli": lambda: answer(b"x", headers=PLAIN + b"Content-Encoding: br\r\n"),
    "/cut": lambda: answer(PAGE[:12], length=len(PAGE)),
    "/cut-without-length": lambda: without_length(PAGE[:-4]),
    "/nothing": lambda: b"",
    "/redirect": lambda: answer(b"", status=b"302 Found", headers=b"Location: /ok\r\n"),
    "/unavailable": lambda: answer(b"<secret>", status=b"503 No"),
    "/forbidden": lambda: answer(b"", status=b"401 No"),
    "/no-http": lambda: b"SSH-2.0-secret\r\n",
    "/html": lambda: answer(b"<!doctype html><p>Sign in</p>\n", headers=b"Content-Type: text/html\r\n"),
    "/html-as-text": lambda: answer(b"\n <html></html>\n"),
    "/nan": lambda: answer(b"up NaN\n"),
    "/latin": lambda: answer(b'up{place="\xe9"} 1\n'),
    "/nul": lambda: answer(b"up\0 1\n"),
    "/empty": lambda: answer(b""),
    "/prose": lambda: answer(b"hello world\n"),
    "/many": lambda: answer(b"".join(b'up{n="%d"} 1\n' % n for n in range(6000))),
    "/twice": lambda: answer(b"up 1\nup 2\n"),
    "/long-line": lambda: answer(b'up{a="' + b"x" * 20_000 + b'"} 1\n'),
    "/long-header": lambda: answer(PAGE, headers=b"X: " + b"x" * 20_000 + b"\r\n"),
}


class Target:
    """Serves on a free port of loopback until it is ended.

    `hits` are the paths that were asked for, `touched` counts connections, also those that ask for nothing.
    """

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.hits: list[str] = []
        self.touched = 0
        self.requests: list[bytes] = []
        self.page = PAGE
        self.answers: dict[str, bytes] = {}  # whole ones, before those that stand above
        self.slow_s = 0.0
        self.redirect: tuple[int, str] | None = None  # what /elsewhere answers
        self.is_ending = False
        self.tls: ssl.SSLContext | None = None
        threading.Thread(target=self._serve, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def speak_tls(self, pem) -> None:
        """Answer over TLS from now on, with the key and certificate of the file `pem`."""
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(pem)

    def end(self) -> None:
        self.is_ending = True
        with contextlib.suppress(OSError), socket.socket() as last:
            last.settimeout(1)
            last.connect(("127.0.0.1", self.port))
        self.server.close()

    def _serve(self) -> None:
        while not self.is_ending:
            with contextlib.suppress(OSError):
                peer, _ = self.server.accept()
                self.touched += 1
                threading.Thread(target=self._answer, args=(peer,), daemon=True).start()

    def _answer(self, peer: socket.socket) -> None:
        with contextlib.suppress(OSError):
            peer.settimeout(20)
            self._talk(self.tls.wrap_socket(peer, server_side=True) if self.tls else peer)

    def _talk(self, peer: socket.socket) -> None:
        with peer:
            request = peer.recv(65536)
            path = request.partition(b" ")[2].partition(b" ")[0].decode(errors="replace")
            self.hits.append(path)
            self.requests.append(request)
            if parts := self._endless(path):
                for part in parts:
                    peer.sendall(part)
            else:
                peer.sendall(self._whole(path))

    def _whole(self, path: str) -> bytes:
        if path == "/elsewhere" and self.redirect:
            status, place = self.redirect
            return answer(b"", status=b"%d Elsewhere" % status, headers=f"Location: {place}\r\n".encode())
        if path in self.answers:
            return self.answers[path]
        return ANSWERS[path]() if path in ANSWERS else answer(self.page)

    def _endless(self, path: str):
        endless = {
            "/slow": self._slow,
            "/never": self._never,
            "/drip-headers": lambda: self._drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
            "/drip-body": lambda: self._drip(without_length(b""), b"up 1\n"),
            "/continue": lambda: self._drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            "/huge": lambda: iter([without_length(b""), *[b"x 1\n" * 250_000] * 50]),
        }
        return endless[path]() if path in endless else None

    def _slow(self):
        time.sleep(self.slow_s)
        yield answer(self.page)

    def _never(self):
        while not self.is_ending:
            time.sleep(0.05)
        yield b""

    def _drip(self, first: bytes, part: bytes):
        yield first
        while not self.is_ending:
            time.sleep(0.05)
            yield part
