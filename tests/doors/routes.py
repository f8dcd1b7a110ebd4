"""Every address of the portal, and what its view declares."""

from dataclasses import dataclass

from django.urls import URLPattern, get_resolver

from systems.access import RULES


@dataclass(frozen=True)
class Route:
    name: str
    view: object
    arguments: tuple[str, ...]

    @property
    def is_page(self) -> bool:
        return hasattr(self.view, "rules") or hasattr(self.view, "public")

    @property
    def actions(self) -> dict[str, str]:
        return getattr(self.view, "actions", None) or {"get": self.view.cls.action}

    @property
    def touches_system(self) -> bool:
        if self.name.startswith("monitoring:") or any(name.endswith("_id") for name in self.arguments):
            return True
        return not {"number", "role", "question"}.isdisjoint(self.arguments) or (
            "slug" in self.arguments and "team" not in self.name and "member" not in self.name
        )

    def door(self, method: str):
        return self.view.cls.doors[self.actions[method]]


def routes(patterns=None, space: str = "", arguments: tuple = ()):
    """Yield every route of the portal, or of `patterns`."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        named = (*arguments, *one.pattern.regex.groupindex)
        if isinstance(one, URLPattern):
            yield Route(f"{space}{one.name}", one.callback, named)
        else:
            inner = f"{space}{one.namespace}:" if one.namespace else space
            yield from routes(one.url_patterns, inner, named)


def undeclared(all_routes) -> list[str]:
    """Return the names of the routes, and of the actions, that say no rule."""
    missing = []
    for route in all_routes:
        if route.is_page:
            continue
        doors = getattr(getattr(route.view, "cls", None), "doors", {})
        actions = set(route.actions.values()) if doors else {"?"}
        missing += [f"{route.name} {action}" for action in actions - set(doors)]
        missing += [f"{route.name} {action}" for action in actions & set(doors) if doors[action].rule not in RULES]
    return missing


ROUTES = list(routes())
PAGES = [route for route in ROUTES if route.is_page]
API = [route for route in ROUTES if not route.is_page]
