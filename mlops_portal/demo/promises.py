"""What people promised, and on which night of the past: runbooks, answers and reviews, versions, deployments."""

from datetime import datetime, timedelta

from mlops_portal.demo.feeds import keep_feeds, try_everything
from mlops_portal.demo.plans import pay
from mlops_portal.demo.services import FEWER_HELD_BACK_FROM, MIX_UP, SERVICES, Service
from mlops_portal.demo.texts import ANSWERS, RUNBOOKS
from mlops_portal.demo.watching import figures
from systems.actions.hand_overs import plan_hand_over
from systems.actions.ownership import assign_role, confirm_role
from systems.actions.people import edit_person
from systems.actions.readiness import answer_question, review_answer
from systems.actions.registry import judged_once
from systems.actions.retraining import ask_for_run, record_run, set_retraining
from systems.actions.runbooks import confirm_runbook, set_range, write_runbook
from systems.actions.versions import add_version, deploy
from systems.checking import run_checks
from systems.models import Deployment, Holding, Item, ModelVersion, Person, Role, System
from systems.ownership import last_moment
from systems.questions import LAUNCH, ROLE_OF_TOPIC

WELL_KEPT = ("churn-forecast", "ticket-routing")
ASKED_FOR_MORE = "churn-forecast"  # of which more is required than its model was trained for
WRITTEN_AT_AGE = 160
REVIEWED_AT_AGE = 158
WENT_LIVE_AT_AGE = 156
RETRAINED_AT_AGE = MIX_UP.start - 1
READ_AGAIN_AT_AGE = 30
CONFIRMED_AT_AGE = 40
NOT_CONFIRMED = ("search-ranking", Role.MODEL_OWNER)
ANNOUNCED_AT_AGE = 9
LEAVES = ("logistics-analyst", ANNOUNCED_AT_AGE + 20)  # days after it was said
PLANNED = ("ticket-routing", Role.SERVICE_OWNER, "data-engineer", ANNOUNCED_AT_AGE + 12)
HANDED_OVER_AT_AGE = 90
HANDED_OVER = ("card-fraud-score", Role.SERVICE_OWNER, "service-developer", "The service moved to the payments team.")
NOT_KEPT = "card-fraud-score"
WENT_LIVE_AT_ALL_COSTS = {  # at these ages, whatever the gate said: which version, and why
    75: (0, "The campaign could not wait."),
    FEWER_HELD_BACK_FROM: (1, "Fewer payments of honest customers are held back."),
}


def keep_promises(age: int, at: datetime) -> None:
    """Do what was promised, and paid, on the night of this age."""
    pay(age, at)
    keep_feeds(age, at)
    for service in SERVICES:
        if service.slug in WELL_KEPT:
            _keep(service, age, at)
        elif service.slug == NOT_KEPT and age in WENT_LIVE_AT_ALL_COSTS:
            n, note = WENT_LIVE_AT_ALL_COSTS[age]
            _go_live(service, service.versions[n][0], at, note)
    if age == HANDED_OVER_AT_AGE:
        _hand_over(at)
    elif age == CONFIRMED_AT_AGE:
        _confirm_all_but_one(at)
    elif age == ANNOUNCED_AT_AGE:
        _announce(at)
        _plan(at)


def _announce(at: datetime) -> None:
    """Somebody says that they will leave."""
    username, days = LEAVES
    person, by = (Person.objects.get(username=name) for name in (username, "admin"))
    edit_person(person=person, until=last_moment((at + timedelta(days=days)).date()), by=by, at=at)


def _plan(at: datetime) -> None:
    """Plan who takes a role over after the demo's last day."""
    slug, role, username, days = PLANNED
    system, by = System.objects.known_as(slug).get(), Person.objects.get(username="manager")
    facts = {"person": Person.objects.get(username=username), "note": "As agreed between the teams.", "by": by}
    plan_hand_over(system=system, role=role, from_at=at + timedelta(days=days), at=at, **facts)


def _hand_over(at: datetime) -> None:
    slug, role, username, note = HANDED_OVER
    system, by = System.objects.known_as(slug).get(), Person.objects.get(username="manager")
    assign_role(system=system, role=role, person=Person.objects.get(username=username), note=note, by=by, at=at)


def _confirm_all_but_one(at: datetime) -> None:
    """Have everybody who is here confirm what they hold; one of them forgets a role."""
    held = Holding.objects.current().filter(person__is_active=True).select_related("system", "person")
    for holding in held:
        if (holding.system.slug, holding.role) != NOT_CONFIRMED and not holding.system.is_portal:
            confirm_role(holding=holding, by=holding.person, at=at)


def _keep(service: Service, age: int, at: datetime) -> None:
    system = System.objects.known_as(service.slug).get()
    if age == WRITTEN_AT_AGE:
        with judged_once():
            _write_runbooks(system, at)
            _say_what_is_normal(service, system, at)
            try_everything(system, at)
            _plan_retraining(system, at)
        _answer(system, at)
    elif age == REVIEWED_AT_AGE:
        _review(system, at)
    elif age == WENT_LIVE_AT_AGE:
        _go_live(service, service.versions[0][0], at, "Through the gate.")
    elif age == RETRAINED_AT_AGE and len(service.versions) > 1:
        _retrain(service, at)
    elif age == RETRAINED_AT_AGE - 2:
        _answer(system, at)  # those whose approval ended with the new version
        _review(system, at)
    elif age == READ_AGAIN_AT_AGE:
        with judged_once():
            _read_again(system, at)
            if service.slug == ASKED_FOR_MORE:
                note = "Accounts that pay by the year are to be covered too."
                ask_for_run(system=system, note=note, by=_holder(system, Role.PRODUCT_OWNER), at=at)
        _answer(system, at, again=True)
        _review(system, at)


def _holder(system: System, role: str) -> Person:
    return Holding.objects.current().get(system=system, role=role).person


def _write_runbooks(system: System, at: datetime) -> None:
    for situation, body in RUNBOOKS.items():
        write_runbook(system=system, situation=situation, body=body, by=_holder(system, Role.OPERATIONS_OWNER), at=at)


def _say_what_is_normal(service: Service, system: System, at: datetime) -> None:
    by, reason = _holder(system, Role.OPERATIONS_OWNER), "Three spreads around what the experiment reached."
    for key, (value, spread) in figures(service).items():
        low, high = round(value - 3 * spread, 3), round(value + 3 * spread, 3)
        if value <= 1 < high:  # it cannot be better than all right
            high = None
        set_range(system=system, metric_key=key, low=low, high=high, reason=reason, by=by, at=at)


def _plan_retraining(system: System, at: datetime) -> None:
    set_retraining(
        system=system,
        policy="Train on the newest labels, compare on four weeks that were left out, deploy when it is better.",
        who="The model owner",
        every_days=180,
        triggers=["Its figure has left its band for a week"],
        by=_holder(system, Role.MODEL_OWNER),
        at=at,
    )


def _answer(system: System, at: datetime, *, again: bool = False) -> None:
    for item in Item.objects.in_force(LAUNCH, at):
        if text := ANSWERS.get(item.question_key):
            by = _holder(system, ROLE_OF_TOPIC[item.topic])
            words = f"{text} Read again and still true." if again else text
            answer_question(system=system, key=item.question_key, text=words, confidence="confident", by=by, at=at)


def _review(system: System, at: datetime) -> None:
    """Have every answer that waits approved by the manager, or by the administrator where the manager wrote it."""
    run_checks(System.objects.filter(pk=system.pk), at=at)
    reviewers = [Person.objects.get(username=name) for name in ("manager", "admin")]
    for answer in system.answers.filter(superseded_at=None):
        if answer.review is None:
            by = next(person for person in reviewers if person.pk != answer.author_id)
            review_answer(answer=answer, decision="approved", by=by, at=at)


def _go_live(service: Service, name: str, at: datetime, note: str) -> ModelVersion:
    """Record the version with its figures, and that it serves from now on."""
    system = System.objects.known_as(service.slug).get()
    run_checks(System.objects.filter(pk=system.pk), at=at)
    by = Person.objects.get(username="service-developer")
    version = add_version(system=system, name=name, trained_at=at, by=by, at=at)
    deployment = deploy(system=system, version=version, by=by, at=at, note=note)
    if service.slug in WELL_KEPT:  # what a check would have found on a day long ago cannot be found out today
        Deployment.objects.filter(pk=deployment.pk).update(gate=None)
    return version


def _retrain(service: Service, at: datetime) -> None:
    version = _go_live(service, service.versions[1][0], at, "It checks the order of the columns.")
    system = version.system
    by = _holder(system, Role.MODEL_OWNER)
    record_run(
        system=system, cause="incident", version=version, note="After columns came in another order.", by=by, at=at
    )


def _read_again(system: System, at: datetime) -> None:
    """Have every holder and every runbook confirmed, and everything tried again."""
    try_everything(system, at)
    for holding in Holding.objects.current().filter(system=system):
        confirm_role(holding=holding, by=holding.person, at=at)
    for situation in RUNBOOKS:
        confirm_runbook(system=system, situation=situation, by=_holder(system, Role.OPERATIONS_OWNER), at=at)
