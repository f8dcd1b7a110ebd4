"""What a system's own page shows of its promises: retraining, errors, resilience, phases."""

from django.utils import timezone

from systems.access import may
from systems.actions.phases import phases_from
from systems.drawing import Drawn, drawn
from systems.feeds import dependencies_of, drills_of
from systems.models import Deployment, Person, PhaseMove, Retraining, Role, RunbookVersion, Situation, System
from systems.models.phase import scoped_by
from systems.models.retraining import last_trained
from systems.notices import people_to_tell
from systems.plans import standings_of

WHO_NOTICES = [
    (Role.MODEL_OWNER, "the quality of its predictions falls"),
    (Role.SERVICE_OWNER, "the service is slow or answers with errors"),
    (Role.DATA_OWNER, "the data is late, incomplete or changed"),
    (Role.PRODUCT_OWNER, "the business figures go wrong"),
]
WHEN_IT_ERRS = [Situation.ALERT_REACHED, Situation.MODEL_ERRS, Situation.ROLLBACK, Situation.NORMAL]
UNDER_STRAIN = [Situation.FEED_UNAVAILABLE, Situation.ANOMALOUS_INPUT, Situation.LOAD]


def promises_of(system: System, person: Person) -> dict:
    """Return what the fragments _system_retraining, _errors, _resilience and _phases take as `promises`."""
    written = _written(system)
    return {
        "retraining": retraining_of(system),
        "retrain_text": written.get(Situation.RETRAIN),
        "errors": [(one, written.get(one)) for one in WHEN_IT_ERRS],
        "errors_written": sum(one in written for one in WHEN_IT_ERRS),
        "resilience": [(one, written.get(one)) for one in UNDER_STRAIN],
        "resilience_written": sum(one in written for one in UNDER_STRAIN),
        "drills": drills_of(system),
        "dependencies": dependencies_of(system, person),
        "may_edit": may(person, "system.edit", system),
        "told": _told(system),
        "live": Deployment.objects.in_production().live().filter(system=system).select_related("model_version").first(),
        **_phases(system),
        "next_phase": next(iter(reversed(phases_from(system))), None),
        "may_decide": may(person, "phase.decide", system),
        "may_plan": may(person, "plan.write", system),
        "may_write": may(person, "runbook.write", system),
        "may_record": may(person, "version.record", system),
    }


def _written(system: System) -> dict[str, RunbookVersion]:
    """Return the newest text of each situation, with `is_past` when it should have been read again."""
    today = timezone.now().date()
    texts = {}
    for version in RunbookVersion.objects.newest().filter(runbook__system=system):
        version.is_past = version.review_by < today
        texts[version.runbook.situation] = version
    return texts


def _told(system: System) -> list[dict]:
    """Return who would be told of what: two queries for each kind of trouble."""
    said = []
    for role, what in WHO_NOTICES:
        people = people_to_tell([system], role)[system.pk]
        said.append({"what": what, "role": role, "people": people})
    return said


def retraining_of(system: System) -> dict:
    """Return the plan of retraining, when it was trained last, and when it is due (`is_late`: that has passed).

    `open_runs` are what changed requirements ask for and no version answers yet, the oldest first.
    """
    plan = Retraining.objects.filter(system=system).first()
    trained = last_trained([system]).get(system.pk)
    due = plan.due_at(trained) if plan else None
    runs = system.retraining_runs.select_related("model_version", "by")
    return {
        "plan": plan,
        "trained_at": trained,
        "due_at": due,
        "is_late": bool(due and due < timezone.now()),
        "last_run": runs.exclude(at=None).first(),
        "open_runs": list(runs.filter(at=None).order_by("asked_at")),
    }


def _phases(system: System) -> dict:
    """Return the three phases as they are drawn, each with the decision by which the system last came into it."""
    standings = standings_of([system])[system.pk]
    came = {move.to_phase: move for move in system.phase_moves.select_related("by").order_by("at", "pk")}
    phases: list[tuple[Drawn, PhaseMove | None]] = [(one, came.get(one.standing.phase)) for one in drawn(standings)]
    return {"phases": phases, "scoped": scoped_by([one.phase for one in standings if not one.lacks])}
