"""Does somebody answer for it, say so in time, stay, and have a deputy; and does it say what it is for?"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from systems.checking import Finding, check
from systems.models import HandOver, Holding, Outcome, Person, Role, System
from systems.ownership import day

PASS, FAIL, NOT_APPLICABLE = Outcome.Result.PASS, Outcome.Result.FAIL, Outcome.Result.NOT_APPLICABLE
ONE_DAY = timedelta(days=1)  # who follows on the day after the last one follows in time
SOON = timedelta(days=30)
TOO_MANY_ROLES = 3
NEEDS_DEPUTIES = 1  # the tier
LONGEST = 300


def _page(slug: str, role: str) -> str:
    return reverse("systems:owner", args=[slug, role])


def _fail(system_id: int, why: str, url: str) -> Finding:
    return Finding(system_id, FAIL, why if len(why) <= LONGEST else f"{why[: LONGEST - 1]}…", url)


def _listed(words: Iterable[str]) -> str:
    """Return the words as a sentence has them: "data owner, model owner and service owner"."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _held(systems: QuerySet[System]) -> dict[int, list[Holding]]:
    """Return the present holdings by system, the roles in their order."""
    held = defaultdict(list)
    present = Holding.objects.current().filter(system__in=systems).with_confirm_by()
    for holding in present.select_related("person", "deputy"):
        held[holding.system_id].append(holding)
    for holdings in held.values():
        holdings.sort(key=lambda one: list(Role).index(Role(one.role)))
    return held


def _planned(systems: QuerySet[System]) -> dict[int, dict[str, HandOver]]:
    """Return the hand-overs to come by system and role."""
    planned: dict[int, dict[str, HandOver]] = defaultdict(dict)
    for plan in HandOver.objects.filter(system__in=systems).select_related("person"):
        planned[plan.system_id][plan.role] = plan
    return planned


def _has_ended(holding: Holding, now: datetime) -> bool:
    return holding.ends_at is not None and holding.ends_at <= now


def _role_check(role: Role) -> None:
    @check(
        key=f"role_filled_{role}",
        topic="ownership",
        title=f"{role.label} is named",
        for_role=Role.PRODUCT_OWNER,
    )
    def judge(systems):
        """Pass when an active person, who has not left, holds the role now."""
        held = Holding.objects.current().filter(role=role, system__in=systems).select_related("person")
        holder, now = {row.system_id: row for row in held}, timezone.now()
        planned = _planned(systems)
        for pk, slug in systems.values_list("pk", "slug"):
            url, holding, plan = _page(slug, role), holder.get(pk), planned[pk].get(role)
            follows = f" {plan.person} takes over on {day(plan.from_at)}." if plan else ""
            if holding is None:
                yield _fail(pk, f"Nobody is named as {role.label.lower()}.{follows}", url)
            elif not holding.person.is_active:
                yield _fail(pk, f"The {role.label.lower()}, {holding.person}, may no longer sign in.{follows}", url)
            elif _has_ended(holding, now):
                was = f"{holding.person} was the {role.label.lower()} until {day(holding.ends_at)}"
                yield _fail(pk, f"{was}.{follows}" if follows else f"{was}; nobody follows.", url)
            else:
                yield Finding(pk, PASS, f"{holding.person} is the {role.label.lower()}.", url)


for _role in Role:
    _role_check(_role)


@check(key="ownership_confirmed", topic="ownership", title="Everybody confirms their role", for_role=Role.PRODUCT_OWNER)
def ownership_confirmed(systems):
    """Pass when every holder who is here has said in time that they still answer for it."""
    held, now = _held(systems), timezone.now()
    for pk, slug in systems.values_list("pk", "slug"):
        here = [one for one in held[pk] if one.person.is_active and not _has_ended(one, now)]
        late = sorted((one for one in here if one.confirm_by <= now), key=lambda one: one.confirm_by)
        if late:
            yield _fail(pk, _not_confirmed(late), _page(slug, late[0].role))
        else:
            yield Finding(pk, PASS, "Whoever holds a role has confirmed it in time.", "")


def _not_confirmed(late: list[Holding]) -> str:
    first = late[0]
    since = f"since {day(first.confirmed_at)}; it was due on {day(first.confirm_by)}"
    rest = f" Of {len(late)} roles that wait for it, this one waits longest." if len(late) > 1 else ""
    return f"{first.person} has not confirmed being the {first.role_words} {since}.{rest}"


@check(key="holders_stay", topic="ownership", title="Whoever holds a role stays", for_role=Role.PRODUCT_OWNER)
def holders_stay(systems):
    """Pass when nobody who holds a role, or is a deputy, leaves within thirty days without a follower who can."""
    held, planned, now = _held(systems), _planned(systems), timezone.now()
    for pk, slug in systems.values_list("pk", "slug"):
        leaving = sorted(one for holding in held[pk] for one in _leaves_soon(holding, planned[pk], now))
        barred = [plan for plan in planned[pk].values() if not plan.person.may_answer(plan.from_at)]
        if barred:
            plan = barred[0]
            why = f"{plan.person} is to take over as {plan.role_words} on {day(plan.from_at)} and cannot: name another."
            yield _fail(pk, why, _page(slug, plan.role))
        elif leaving:
            at, _, said, role = leaving[0]
            more = len(leaving) - 1
            rest = f" {more} more end{'' if more > 1 else 's'} soon as well." if more else ""
            yield _fail(pk, f"{said} until {day(at)} only: name who follows.{rest}", _page(slug, role))
        else:
            yield Finding(pk, PASS, "Nobody is known to leave within 30 days without somebody who follows.", "")


def _leaves_soon(
    holding: Holding, planned: dict[str, HandOver], now: datetime
) -> list[tuple[datetime, bool, str, str]]:
    """Return the end, whether it is the deputy's, who it is and the role, where it comes soon and nobody follows."""
    ends, plan = [], planned.get(holding.role)
    is_followed = plan is not None and holding.ends_at is not None and plan.from_at <= holding.ends_at + ONE_DAY
    if holding.person.is_active and not is_followed:
        ends.append((holding.ends_at, False, f"{holding.person} is the {holding.role_words}", holding.role))
    if holding.deputy and holding.deputy.is_active:
        said = f"{holding.deputy} is deputy of the {holding.role_words}"
        ends.append((holding.deputy.until, True, said, holding.role))
    return [one for one in ends if one[0] and now < one[0] <= now + SOON]


@check(key="roles_spread", topic="ownership", title="Roles are spread over people", for_role=Role.PRODUCT_OWNER)
def roles_spread(systems):
    """Pass when nobody holds three roles of the system or more."""
    held = _held(systems)
    for pk, slug in systems.values_list("pk", "slug"):
        counted: Counter[Person] = Counter(holding.person for holding in held[pk])
        person, count = counted.most_common(1)[0] if counted else (None, 0)
        if count >= TOO_MANY_ROLES:
            roles = [holding for holding in held[pk] if holding.person == person]
            why = f"{person} holds {count} roles at once: {_listed(one.role_words for one in roles)}. Share them out."
            yield _fail(pk, why, _page(slug, roles[-1].role))
        else:
            yield Finding(pk, PASS, "Nobody holds three roles or more.", "")


@check(key="deputies_named", topic="ownership", title="Deputies are named", for_role=Role.PRODUCT_OWNER)
def deputies_named(systems):
    """Pass when every role that is held in a system of tier 1 has a deputy who is here."""
    held, now = _held(systems), timezone.now()
    for pk, slug, tier in systems.values_list("pk", "slug", "tier"):
        alone = [one for one in held[pk] if one.deputy is None or not one.deputy.may_answer(now)]
        if tier != NEEDS_DEPUTIES:
            yield Finding(pk, NOT_APPLICABLE, "Only a system of tier 1 needs a deputy for every role.", "")
        elif alone:
            roles = _listed(one.role_words for one in alone)
            yield _fail(pk, f"Nobody stands in for the {roles}; tier 1 asks for a deputy.", _page(slug, alone[0].role))
        else:
            yield Finding(pk, PASS, "Every role that is held has a deputy.", "")


@check(key="purpose_written", topic="ownership", title="Purpose is written", for_role=Role.PRODUCT_OWNER)
def purpose_written(systems):
    """Pass when the purpose says something: three words at least."""
    for pk, slug, purpose in systems.values_list("pk", "slug", "purpose"):
        url = reverse("systems:edit", args=[slug])
        if len(purpose.split()) >= 3:
            yield Finding(pk, PASS, "The purpose is written.", url)
        else:
            yield Finding(pk, FAIL, "Nobody has written what this system is for.", url)
