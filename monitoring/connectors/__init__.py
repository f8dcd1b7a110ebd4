"""Kinds of sources: one module each, found here by name. Adding a kind is adding a module."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from monitoring.connectors.connector import Connector

SHARED = ("connector", "by_http")


@cache
def kinds() -> tuple[str, ...]:
    """Return the kinds that there are, without loading them: some are heavy."""
    return tuple(sorted(module.name for module in iter_modules(__path__) if module.name not in SHARED))


@cache
def connector_of(kind: str) -> Connector:
    """Return the connector of a kind. Raises KeyError when there is none."""
    if kind not in kinds():
        raise KeyError(kind)
    return import_module(f"{__name__}.{kind}").Connector()
