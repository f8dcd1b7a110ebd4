"""Deny by default; a view opens its actions one by one, each with the scope and the rule that it asks for."""

from dataclasses import dataclass

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.serializers import BaseSerializer


@dataclass(frozen=True)
class Door:
    """What an action asks of its caller, and what goes in and out.

    `scope` is asked of a token, `rule` of the person. `takes` reads the body (None: there is none), `gives` writes the
    answer (None: as the view's serializer_class), `status` is that of success; 204 has no body.
    """

    scope: str
    rule: str
    takes: type[BaseSerializer] | None = None
    gives: type[BaseSerializer] | None = None
    status: int = 200


def require_scope(token, scope: str) -> None:
    """Raise PermissionDenied when the token is not meant for `scope`, whatever its owner may (S26)."""
    if scope not in token.scopes:
        raise PermissionDenied(f"This token lacks the scope {scope}.")


class Denied(BasePermission):
    """The default of every view: nobody. Whoever writes a view must say who may."""

    def has_permission(self, request, view) -> bool:
        return False


class AtTheDoor(BasePermission):
    """Asks the Door that the view declares for its action; an action without one is refused.

    A subclass knows the rules. Where a rule is about a thing, it is asked when the view has the thing.
    """

    def is_about_a_thing(self, rule: str) -> bool:
        raise NotImplementedError

    def refusal(self, person, rule: str, thing) -> str:
        """Return why `person` may not, as a sentence, or an empty string when they may."""
        raise NotImplementedError

    def has_permission(self, request, view) -> bool:
        if not request.user.is_authenticated:
            return False
        if request.method not in view.allowed_methods:
            return True  # the answer is 405, whoever asks
        door = view.doors.get(view.action)
        if door is None:
            return False
        if request.auth is not None:
            require_scope(request.auth, door.scope)
        return self.is_about_a_thing(door.rule) or self._ask(request, door.rule, None)

    def has_object_permission(self, request, view, thing) -> bool:
        rule = view.doors[view.action].rule
        return not self.is_about_a_thing(rule) or self._ask(request, rule, thing)

    def _ask(self, request, rule: str, thing) -> bool:
        why_not = self.refusal(request.user, rule, thing)
        if why_not:
            raise PermissionDenied(why_not)
        return True
