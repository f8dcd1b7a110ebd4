"""Who holds the roles of a system, and all that a person holds."""

from collections.abc import Callable

from django.core.exceptions import ValidationError as Wrong
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from mlops_portal.engine.api.errors import Conflict
from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.api.serializers import Nothing
from mlops_portal.engine.api.views import Resource
from mlops_portal.engine.versions import Stale
from systems.actions.hand_overs import name_holder, take_back
from systems.actions.holdings import confirm_roles, hand_over_all
from systems.actions.ownership import confirm_role, vacate_role
from systems.actions.readiness import NotFromHere
from systems.api import owner_shapes as shapes
from systems.api.permissions import ByRule
from systems.api.systems import OfSystem
from systems.models import Feed, HandOver, Holding, Person, Scope, System
from systems.ownership import feeds_of, held_by, version_of, with_plans


class Owners(OfSystem):
    """Who holds a role now, and who takes it over on a day to come; 404 while neither is named."""

    queryset = Holding.objects.with_confirm_by().select_related("system", "person", "deputy")
    serializer_class = shapes.OwnerShape
    versioned = ("update", "confirm", "empty", "take_back")
    doors = {
        "retrieve": Door(Scope.READ, "read"),
        "update": Door(Scope.WRITE, "role.assign", takes=shapes.HoldingShape),
        "confirm": Door(Scope.WRITE, "role.confirm", takes=Nothing),
        "empty": Door(Scope.WRITE, "role.assign", takes=shapes.NoteShape),
        "take_back": Door(Scope.WRITE, "role.assign", takes=Nothing),
    }

    def get_object(self) -> Holding:
        holding = get_object_or_404(self.get_queryset().current(), system=self.system, role=self.kwargs["role"])
        self.check_object_permissions(self.request, holding)
        return holding

    def represent(self, row) -> dict:
        """Return the role as it stands now, whatever of it was handed in."""
        role = {"system": self.system, "role": self.kwargs["role"]}
        holding = self.get_queryset().current().filter(**role).first()
        shown = holding or Holding(**role)
        shown.version = version_of(*role.values(), holding)
        return super().represent(with_plans([shown])[0])

    def retrieve(self, request, slug, role) -> Response:
        """Return who holds the role, and who is to."""
        shown = self.answer(None)
        if shown.data["person"] is None and shown.data["next"] is None:
            raise Http404
        return shown

    def update(self, request, slug, role) -> Response:
        """Name the holder, or hand the role over to somebody else; for the present holder it is brought up to date.

        With `from` still to come that is planned: it shows in `next`, and the present holder stays until then.
        """
        return self._act(name_holder, **self.given())

    def confirm(self, request, slug, role) -> Response:
        """Say that one still answers for it."""
        holding = self.get_object()
        self.given()
        try:
            return self.answer(confirm_role(holding=holding, by=request.user, at=timezone.now(), seen=self.seen))
        except NotFromHere as refusal:
            raise Conflict(str(refusal)) from None

    def empty(self, request, slug, role) -> Response:
        """Let nobody hold the role any more, and call off what was planned for it; `note` says why."""
        return self._act(vacate_role, **self.given())

    def take_back(self, request, slug, role) -> Response:
        """Call off what is planned for the role; 409 when nothing is."""
        self.given()
        if not HandOver.objects.filter(system=self.system, role=role).exists():
            raise Conflict("Nothing is planned for this role.")
        return self._act(take_back)

    def _act(self, action: Callable, **facts) -> Response:
        who = {"system": self.system, "role": self.kwargs["role"], "by": self.request.user, "at": timezone.now()}
        try:
            return self.answer(action(seen=self.seen, **who, **facts))
        except NotFromHere as refusal:
            raise Conflict(str(refusal)) from None


class Held(Resource):
    """All that a person answers for in the systems that the caller sees, and the feeds that they own."""

    permission_classes = [ByRule]
    queryset = Person.objects.all()
    serializer_class = shapes.HeldShape
    lookup_field = "username"
    doors = {
        "retrieve": Door(Scope.READ, "read"),
        "hand_over": Door(Scope.WRITE, "role.assign", takes=shapes.HandOverAllShape, gives=shapes.HandedOverShape),
    }

    def represent(self, row) -> dict:
        """Return what is held by the person; of a hand-over, how many went on."""
        return self._held_by(row) if isinstance(row, Person) else super().represent(row)

    def _held_by(self, person: Person) -> dict:
        seen = set(System.objects.visible_to(self.request.user).in_use().values_list("pk", flat=True))
        held = [one for one in held_by(person) if one.system_id in seen]
        whole = self.request.build_absolute_uri
        all_of_it = {
            "username": person.username,
            "url": whole(reverse("api:person-roles", args=[person.username])),
            "page": whole(reverse("systems:leaving", args=[person.username])),
            "roles": held,
            "feeds": feeds_of(person),
        }
        return shapes.HeldShape(all_of_it, context=self.get_serializer_context()).data

    def hand_over(self, request, username) -> Response:
        """Hand on all that the person holds: roles, places as a deputy, feeds; to one for all, or to one for each.

        All or nothing. A role for which a hand-over is planned goes on only where it is named. A `version` that is not
        the one that stands is 409.
        """
        leaving, said = self.get_object(), self.given()
        held, owned = held_by(leaving), list(feeds_of(leaving))
        errors: dict[str, list[str]] = {}
        roles = _placed("roles", said["roles"], {(one.system.slug, one.role): one for one in held}, errors)
        feeds = _placed("feeds", said["feeds"], {(one.slug,): one for one in owned}, errors)
        to_all = said.get("to")
        successors = {one.pk: roles[one].get("to") if one in roles else None if one.plan else to_all for one in held}
        new_owners = {one.pk: feeds[one].get("to") if one in feeds else to_all for one in owned}
        if not errors and not any([*successors.values(), *new_owners.values()]):
            errors["to"] = ["Nobody is named to take over what is held, or nothing is held."]
        if errors:
            raise ValidationError(errors)
        try:
            count = hand_over_all(
                leaving=leaving,
                successors=successors,
                seen={one.pk: roles.get(one, {}).get("version", one.version) for one in held},
                feeds=new_owners,
                feeds_seen={one.pk: feeds.get(one, {}).get("version", one.version) for one in owned},
                note=said["note"],
                by=request.user,
                at=timezone.now(),
            )
        except Stale as stale:
            raise Conflict(str(stale), self.represent(leaving)["url"]) from None
        except Wrong as wrong:
            raise ValidationError(_by_name(wrong, [*held, *owned], {**roles, **feeds})) from None
        left = len(held) + len(owned) - count
        return self.answer({"handed_over": count, "left": left})


def _placed(where: str, said: list[dict], there: dict, errors: dict) -> dict:
    """Return what is said of each row that is there; what is not there, or comes twice, goes to `errors` by path."""
    placed: dict[Holding | Feed, dict] = {}
    for index, one in enumerate(said):
        row = there.get(tuple(one[name] for name in ("system", "role", "feed") if name in one))
        if row is None:
            errors[f"{where}.{index}"] = ["This is not held by the person."]
        elif row in placed:
            errors[f"{where}.{index}"] = ["This comes twice."]
        else:
            placed[row] = one | {"index": index}
    return placed


def _by_name(wrong: Wrong, rows: list, placed: dict) -> dict[str, list[str]]:
    """Return what the action found wrong by the path in the body: of what was named there, or of the one for all."""
    keys = {f"{'feed' if isinstance(row, Feed) else 'holding'}_{row.pk}": row for row in rows}
    paths: dict[str, list[str]] = {}
    for key, texts in wrong.message_dict.items():
        row = keys.get(key)
        where = "feeds" if isinstance(row, Feed) else "roles"
        path = f"{where}.{placed[row]['index']}.to" if row in placed else "to" if row else key
        paths[path] = list(dict.fromkeys([*paths.get(path, []), *texts]))
    return paths


class Confirmations(Resource):
    """Saying of many roles at once that one still answers for them."""

    permission_classes = [ByRule]
    queryset = Holding.objects.all()
    serializer_class = shapes.ConfirmedShape
    doors = {"create": Door(Scope.WRITE, "role.own", takes=shapes.ConfirmShape)}

    def create(self, request) -> Response:
        """Confirm what the caller holds of the roles that are named, as they were seen by `version`.

        What changed meanwhile, or is not held by the caller, is left as it is and comes back in `left`.
        """
        said = self.given()["roles"]
        mine = {(one.system.slug, one.role): one for one in held_by(request.user) if one.person_id == request.user.pk}
        found = [(one, mine.get((one["system"], one["role"]))) for one in said]
        seen = {holding.pk: one.get("version", holding.version) for one, holding in found if holding}
        confirmed, _ = confirm_roles(seen=seen, by=request.user, at=timezone.now())
        done = {(one.system.slug, one.role) for one in confirmed}
        named = [{"system": one["system"], "role": one["role"]} for one in said]
        is_done = [(one["system"], one["role"]) in done for one in said]
        return self.answer(
            {
                "confirmed": [one for one, done in zip(named, is_done, strict=True) if done],
                "left": [one for one, done in zip(named, is_done, strict=True) if not done],
            }
        )
