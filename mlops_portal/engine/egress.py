"""Where the portal may connect to: what the operator named, and never to itself (RELIABILITY S1–S6).

Judged twice: a URL when it is written down (`check_url`), and the very address that is about to be connected to
(engine.guard), so that no name can change its mind in between.
"""

import functools
import ipaddress
import re
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

REFUSAL = (
    "The portal may not connect there: an operator allows hosts, networks and ports by PORTAL_EGRESS_ALLOW; "
    "the portal's own addresses, loopback and link-local ones stay closed."
)
OWN_KEPT_S = 60.0  # the database may move, and a look-up may fail for once
SCHEMES = {"http": 80, "https": 443}
NEVER = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "100.100.100.200/32",  # metadata of clouds that keep it elsewhere
        "168.63.129.16/32",
        "192.0.0.0/24",
        "224.0.0.0/4",
        "255.255.255.255/32",
        "::/128",
        "::1/128",
        "fe80::/10",
        "ff00::/8",
        "fd00:ec2::/32",
        "fd20:ce::254/128",
    )
]
TRANSLATED = [ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")]  # IPv4 at the end
look_up = socket.getaddrinfo  # not the one that notes for a guard
_PLACE = re.compile(r"(\[[^\]]+\](?:/\d+)?|[^\[\]:]+)(?::(\d+)(?:-(\d+))?)?")
_SUFFIX = re.compile(r"(\.?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)+")


class Refused(Exception):
    """A connection that the policy does not allow: one text for all, so that nothing is learned from it (S5)."""

    def __init__(self, text: str = REFUSAL):
        super().__init__(text)


class BadUrl(Refused):
    """A URL of a form that the portal does not take; the text says what is wrong with it."""


@dataclass(frozen=True)
class Place:
    """An entry of the allow-list: a network, or a name (".example" is every name below it); ports from … to."""

    network: Network | None
    name: str
    ports: range

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Return the place that `text` names: host, .suffix or network, then :port or :from-to. Raises ValueError."""
        parts = _PLACE.fullmatch(text)
        if not parts:
            raise ValueError(text)
        host, low, high = parts.groups()
        ports = range(int(low or 1), int(high or low or 65535) + 1)
        if not ports or ports.start < 1 or ports.stop > 65536:
            raise ValueError(text)
        host = host.replace("[", "").replace("]", "")
        try:
            return cls(ipaddress.ip_network(host), "", ports)
        except ValueError:
            if "/" in host or not _SUFFIX.fullmatch(host.lower()):
                raise
            return cls(None, host.lower(), ports)

    def covers(self, address: Address, name: str, port: int) -> bool:
        """Whether it allows `address` on `port`, or the name by which it was found."""
        if port not in self.ports:
            return False
        if self.network is not None:
            return address in self.network
        return name == self.name or (self.name.startswith(".") and name.endswith(self.name))


def check_url(url: str) -> None:
    """Return when `url` is of a form that is taken and names no address that is refused. Raises Refused.

    A host that is a name is judged when it is connected to.
    """
    parts = split(url)
    address = _literal(parts.hostname or "")
    if address is not None and not is_allowed(address, "", parts.port or SCHEMES[parts.scheme]):
        raise Refused


def split(url: str) -> SplitResult:
    """Return the parts of a URL. Raises BadUrl unless it is plain http or https: no user, blank or fragment."""
    if not isinstance(url, str) or re.search(r"[\s\\\x00-\x20\x7f]", url):
        raise BadUrl("A URL has no blanks, line breaks or backslashes.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadUrl("This is not a URL.") from None
    if parts.scheme not in SCHEMES or not parts.hostname or port == 0:
        raise BadUrl("A URL begins with http:// or https:// and a host.")
    if "@" in parts.netloc or parts.fragment:
        raise BadUrl("A URL holds no user name, password or fragment: credentials have a field of their own.")
    return parts


def is_allowed(address: Address, name: str, port: int) -> bool:
    """Whether the portal may connect to `address`, found by `name`, on `port`."""
    inner = _inner(address)
    if any((one, port) in own_addresses() for one in inner):
        return False
    if any(one in network for one in inner for network in NEVER if one.version == network.version):
        return address.is_loopback and _is_opened_on_loopback(address, port)
    return any(place.covers(one, name, port) for place in settings.EGRESS_ALLOW for one in (address, inner[-1]))


def _inner(address: Address) -> list[Address]:
    """Return the address and the IPv4 address that it carries inside, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    carried: Iterable[Address | None] = (address.ipv4_mapped, address.sixtofour, *(address.teredo or ()))
    inside = [one for one in carried if one is not None]
    if any(address in network for network in TRANSLATED) and int(address) > 1:
        inside.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [address, *inside]


def _is_opened_on_loopback(address: Address, port: int) -> bool:
    places = settings.EGRESS_ALLOW_LOCAL
    return any(port in place.ports and place.network and place.network.network_address == address for place in places)


_own: dict[tuple[str, int], set[tuple[Address, int]]] = {}
_own_until = 0.0


def own_addresses() -> set[tuple[Address, int]]:
    """Return address and port of the portal's own database, broker and web process, as they resolved a minute ago."""
    global _own, _own_until
    if (places := _own_places()) != [*_own] or time.monotonic() > _own_until:
        _own = {place: _resolved(*place) or _own.get(place, set()) for place in places}
        _own_until = time.monotonic() + OWN_KEPT_S
    return set().union(*_own.values())


def _own_places() -> list[tuple[str, int]]:
    database = settings.DATABASES["default"]
    urls = (settings.REDIS_URL, settings.BASE_URL, settings.KNOCK_URL)
    return [*_places_of(str(database["HOST"]), int(database["PORT"] or 5432), urls)]


@functools.lru_cache(8)  # asked at each connection
def _places_of(host: str, port: int, urls: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    parts = [urlsplit(url) for url in urls if url]
    places = [(one.hostname or "", one.port or SCHEMES.get(one.scheme, 6379)) for one in parts]
    return tuple(dict.fromkeys([(host, port), *places]))


def _resolved(host: str, port: int) -> set[tuple[Address, int]]:
    if not host or host.startswith("/"):
        return set()
    try:
        found = look_up(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    return {(ipaddress.ip_address(str(info[4][0]).partition("%")[0]), port) for info in found}


def _literal(host: str) -> Address | None:
    """Return the address that the text of a host is, also in the old forms that getaddrinfo takes; None for a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None
