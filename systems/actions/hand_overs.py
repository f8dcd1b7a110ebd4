"""Handing a role over on a day to come: planned, taken back, done on the day."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from mlops_portal.engine.audit import differences
from mlops_portal.engine.versions import Stale
from systems.actions.ownership import (
    assign_role,
    call_off,
    facts_of,
    hand_on,
    locked_people,
    present,
    record_role,
)
from systems.actions.readiness import NotFromHere, in_use
from systems.actions.registry import recheck
from systems.models import HandOver, Holding, Person, Role, System
from systems.notices import News, tell, tell_person
from systems.ownership import Terms, asks_deputy, day, wrong_in, wrong_in_plan


def name_holder(*, from_at: datetime | None = None, at: datetime, **facts) -> Holding | HandOver:
    """Do assign_role(), or plan_hand_over() where `from_at` is still to come; return the holding or the plan."""
    if from_at and from_at > at:
        return plan_hand_over(from_at=from_at, at=at, **facts)
    return assign_role(from_at=from_at, at=at, **facts)


@transaction.atomic
def plan_hand_over(
    *,
    system: System,
    role: str,
    person: Person,
    from_at: datetime,
    deputy: Person | None = None,
    until: datetime | None = None,
    note: str = "",
    by,
    at: datetime,
    seen: int | None = None,
) -> HandOver:
    """Plan that `person` takes the role over at `from_at`, which is still to come, and return the plan.

    Whoever holds the role does so until then. A role has one plan: this one takes the place of an earlier one; where
    that says the same, nothing changes. Raises ValidationError by field, NotFromHere when the system is retired, Stale
    when `seen` is not version_of() the role.
    """
    people = locked_people(person, deputy)
    system = in_use(system)
    chain = list(Holding.objects.chain(system, role)[:1])
    before = present(chain, system, role, seen)
    terms = Terms(people[person.pk], people[deputy.pk] if deputy else None, until, note, from_at)
    wrong = wrong_in_plan(terms, before, at=at)
    if wrong:
        raise ValidationError(wrong)
    plan = HandOver.objects.filter(system=system, role=role).with_people().first()
    old = facts_of(plan) if plan else None
    plan = plan or HandOver(system=system, role=role, version=chain[0].version if chain else 0)
    plan.person, plan.deputy, plan.until, plan.note, plan.from_at = terms.person, terms.deputy, until, note, from_at
    said = differences(old or {}, facts_of(plan))
    if not said[1]:
        return plan
    plan.by, plan.version = by, plan.version + 1
    plan.save()
    _seen_anew(before)
    record_role(plan, "planned_to_hand_over", by, said[0] if old else None, said[1])
    recheck(system, at=at)
    _tell_successor(plan, f"plan:{plan.version}", f"you take over as {plan.role_words} on {day(from_at)}")
    return plan


def _seen_anew(before: Holding | None) -> None:
    """Whoever changes the role from now on must have seen what is planned for it."""
    if before:
        before.version += 1
        before.save(update_fields=["version"])


@transaction.atomic
def take_back(*, system: System, role: str, by, at: datetime, seen: int | None = None) -> None:
    """Call off what is planned for the role; whoever holds it goes on.

    Raises Stale when nothing is planned any more, or when `seen` is not version_of() the role.
    """
    system = in_use(system)
    chain = list(Holding.objects.chain(system, role)[:1])
    before = present(chain, system, role, seen)
    if not call_off(system, role, by):
        raise Stale(before or Holding(system=system, role=role, version=0))
    _seen_anew(before)
    recheck(system, at=at)


def do_what_is_due(*, at: datetime) -> int:
    """Let the hand-overs whose day has come take force, each in a transaction of its own; return how many did."""
    due = HandOver.objects.in_use().filter(from_at__lte=at).with_people().select_related("system")
    return sum(_take_force(plan, at) for plan in due)


@transaction.atomic
def _take_force(plan: HandOver, at: datetime) -> bool:
    """Hand the role over as planned and return True; where it cannot be, say so to people, and return False.

    It begins at the moment that was agreed, however late it is done. Whoever held the role may be out by now: it goes
    on all the same. A deputy who is out is left away. Of two who do it at once, the second finds nothing.
    """
    people = locked_people(plan.person, plan.deputy)
    try:
        system = in_use(plan.system)
    except NotFromHere:
        return False
    due = HandOver.objects.filter(pk=plan.pk, version=plan.version, from_at__lte=at).with_people().first()
    if due is None:
        return False
    deputy = people[due.deputy_id] if due.deputy_id else None
    deputy = deputy if deputy and deputy.may_answer(at) else None
    chain = list(Holding.objects.chain(system, due.role)[:2])
    before = present(chain, system, due.role, None)
    begins = max(due.from_at, before.from_at) if before else due.from_at
    terms = Terms(people[due.person_id], deputy, due.until, due.note, begins)
    wrong = wrong_in(terms, chain, at=at)
    HandOver.objects.filter(pk=due.pk).delete()
    if wrong:
        _say_it_failed(due, next(iter(wrong.values()))[0], at)
        return False
    hand_on(system, due.role, chain, terms, None, at, over=due.version)
    _tell_successor(due, "force", f"you are the {due.role_words} from {day(due.from_at)} on")
    return True


def _say_it_failed(plan: HandOver, why: str, at: datetime) -> None:
    record_role(plan, "did_not_hand_over", None, facts_of(plan), {"because": why})
    subject = f"{plan.person} did not take over as {plan.role_words} on {day(plan.from_at)}"
    text = f"{why} Nothing is planned any more."
    news = News(plan.system, f"hand-over:{plan.pk}:failed", subject, text, plan.page)
    tell([news], role=Role.PRODUCT_OWNER)
    if plan.by and plan.by.is_active:
        tell_person(news, plan.by)
    recheck(plan.system, at=at)


def _tell_successor(plan: HandOver, what: str, subject: str) -> None:
    text = f"{Role(plan.role).meaning} What is asked of you stands on its page, under Ownership."
    tell_person(News(plan.system, f"hand-over:{plan.pk}:{what}", subject, text, plan.page), plan.person)


def ask_deputies(*, at: datetime, most: int = 500) -> int:
    """Tell the deputies of those who are out, or have not confirmed in time, that it is on them; return how many.

    Each is told once for as long as it stays so; at most `most` at a time.
    """
    left = Holding.objects.current().in_use().with_confirm_by().unanswered(at).filter(deputy_asked_at=None)
    left = left.filter(deputy__in=Person.objects.may_answer(at)).select_related("system", "person", "deputy")
    asked = list(left.order_by("pk")[:most])
    with transaction.atomic():
        for holding in asked:
            _ask_deputy(holding, holding.deputy, at)
        Holding.objects.filter(pk__in=[one.pk for one in asked]).update(deputy_asked_at=at)
    return len(asked)


def _ask_deputy(holding: Holding, deputy, at: datetime) -> None:
    is_out = not holding.is_filled(at)
    subject = f"you stand in as {holding.role_words}" if is_out else f"{holding.person} has not confirmed their role"
    text = asks_deputy(holding, at)
    key = f"deputy:{holding.pk}:{at.isoformat()}"
    tell_person(News(holding.system, key, subject, text, holding.page), deputy)
