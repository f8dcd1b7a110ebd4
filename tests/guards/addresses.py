"""Every address of the portal, with something in place of each argument."""

from collections.abc import Iterator

from django.urls import URLPattern, get_resolver, reverse
from django.urls.converters import IntConverter

KNOWN = {
    "situation": "load",
    "question": "load",
    "slug": "churn",
    "username": "holder",
    "role": "product_owner",
    "phase": "engineering",
    "path": "nowhere/",
    "uidb36": "1",
    "key": "x",
}


def named(patterns=None, space: str = "", arguments: dict | None = None) -> Iterator[tuple[str, dict]]:
    """Yield (name of the route, its converters by argument) of every route."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        taken = {**(arguments or {}), **dict.fromkeys(one.pattern.regex.groupindex), **one.pattern.converters}
        if isinstance(one, URLPattern):
            yield f"{space}{one.name}", taken
        else:
            yield from named(one.url_patterns, f"{space}{one.namespace}:" if one.namespace else space, taken)


def address_of(name: str, arguments: dict) -> str:
    given = {key: 1 if isinstance(one, IntConverter) else KNOWN.get(key, "x") for key, one in arguments.items()}
    return reverse(name, kwargs=given)


def addresses() -> list[str]:
    """Return an address of each route; whether something is there is another question."""
    return [address_of(name, arguments) for name, arguments in named()]
