"""Judging each connection as it is made, whichever library makes it (RELIABILITY S1, S4).

An audit hook of Python sees every socket that connects or sends, with the very address. It speaks up inside
`guarded()`: there people's settings lead to connections; the portal's own, to database, broker and mail, are made
outside. A library that connects in C alone (libpq, Arrow's file systems) is not seen: no connector may use one.
"""

import functools
import ipaddress
import socket
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any

from mlops_portal.engine import egress

CONNECTING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
start_thread = threading.Thread.start


class _Guard:
    """What is known of one piece of guarded work: by which names addresses were found, and whether it was refused."""

    def __init__(self) -> None:
        self.names: defaultdict[egress.Address, set[str]] = defaultdict(set)
        self.has_refused = False


_guard: ContextVar[_Guard | None] = ContextVar("guard", default=None)


@contextmanager
def guarded() -> Iterator[None]:
    """Connect inside only where the policy allows, also from tasks and threads that are begun inside.

    Raises Refused at the first other address, and at the end once more: a library may have hidden it.
    """
    _listen()
    guard = _Guard()
    before = _guard.set(guard)
    try:
        yield
    finally:
        _guard.reset(before)
        if guard.has_refused:
            raise egress.Refused from None


@functools.cache
def _listen() -> None:
    """Begin to hear of connections, look-ups and threads; there is no end to it in this process."""
    sys.addaudithook(_hear)
    socket.getaddrinfo = _noting_names
    threading.Thread.start = _taking_along  # type: ignore[method-assign,assignment]


def _hear(event: str, arguments: tuple) -> None:
    if event in CONNECTING and (guard := _guard.get()) is not None:
        _judge(guard, event, *arguments[:2])


def _judge(guard: _Guard, event: str, opened: socket.socket, address: Any) -> None:
    if address is None:  # a message on a socket that is connected: it was judged then
        return
    if not _may_connect(guard, opened.family, address):
        guard.has_refused = True
        if event == "socket.connect":
            opened.close()  # libraries do it only after the failures that they know
        raise egress.Refused


def _may_connect(guard: _Guard, family: int, address: Any) -> bool:
    if family not in (socket.AF_INET, socket.AF_INET6):
        return False
    host, port = address[:2]
    try:
        place = _address(host)
    except (ValueError, TypeError):
        return False  # a name: nobody knows yet which address it will be
    return any(egress.is_allowed(place, name, port) for name in set(guard.names.get(place, {""})))


@functools.wraps(egress.look_up)
def _noting_names(host, *arguments, **more):
    """Look a name up, and note for the guard which addresses it led to: an entry may allow a name."""
    found = egress.look_up(host, *arguments, **more)
    if (guard := _guard.get()) is not None and isinstance(host, str) and host.isascii():
        for *_, address in found:
            guard.names[_address(address[0])].add(host.lower().rstrip("."))
    return found


def _address(host: str) -> egress.Address:
    return ipaddress.ip_address(host.partition("%")[0])


@functools.wraps(start_thread)
def _taking_along(thread: threading.Thread) -> None:
    """Start a thread, one that is begun inside in the context of whoever begins it."""
    if _guard.get() is not None:
        thread.run = functools.partial(copy_context().run, thread.run)  # type: ignore[method-assign]
    start_thread(thread)
