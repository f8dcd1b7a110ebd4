"""What a system's own page shows of its promises: retraining, errors, resilience, phases."""

from django.db.models import Q
from django.utils import timezone

from systems.access import Rights
from systems.actions.phases import phases_from
from systems.drawing import Drawn, drawn
from systems.feeds import dependencies_of, drills_of
from systems.models import Deployment, Holding, PhaseMove, Retraining, Role, RunbookVersion, Situation, System
from systems.models.phase import scoped_by
from systems.notices import people_by_role
from systems.plans import standings_of

WHO_NOTICES = [
    (Role.MODEL_OWNER, "the quality of its predictions falls"),
    (Role.SERVICE_OWNER, "the service is slow or answers with errors"),
    (Role.DATA_OWNER, "the data is late, incomplete or changed"),
    (Role.PRODUCT_OWNER, "the business figures go wrong"),
]
WHEN_IT_ERRS = [Situation.ALERT_REACHED, Situation.MODEL_ERRS, Situation.ROLLBACK, Situation.NORMAL]
UNDER_STRAIN = [Situation.FEED_UNAVAILABLE, Situation.ANOMALOUS_INPUT, Situation.LOAD]


def promises_of(system: System, rights: Rights, *, held: list[Holding]) -> dict:
    """Return what the fragments _system_retraining, _errors, _resilience and _phases take as `promises`.

    `rights` are those of who looks at it, `held` the present holdings.
    """
    written, live = _written(system), live_of(system)
    return {
        "retraining": retraining_of(system, live),
        "retrain_text": written.get(Situation.RETRAIN),
        "errors": [(one, written.get(one)) for one in WHEN_IT_ERRS],
        "errors_written": sum(one in written for one in WHEN_IT_ERRS),
        "resilience": [(one, written.get(one)) for one in UNDER_STRAIN],
        "resilience_written": sum(one in written for one in UNDER_STRAIN),
        "drills": drills_of(system),
        "dependencies": dependencies_of(system, rights.person),
        "may_edit": rights.may("system.edit", system),
        "told": _told(system, held),
        "live": live,
        **_phases(system),
        "next_phase": next(iter(reversed(phases_from(system))), None),
        "may_decide": rights.may("phase.decide", system),
        "may_plan": rights.may("plan.write", system),
        "may_write": rights.may("runbook.write", system),
        "may_record": rights.may("version.record", system),
    }


def _written(system: System) -> dict[str, RunbookVersion]:
    """Return the newest text of each situation, with `is_past` when it should have been read again."""
    today = timezone.now().date()
    texts = {}
    for version in RunbookVersion.objects.newest().filter(runbook__system=system):
        version.is_past = version.review_by < today
        texts[version.runbook.situation] = version
    return texts


def _told(system: System, held: list[Holding]) -> list[dict]:
    """Return who would be told of what."""
    people = people_by_role(system, held, [role for role, _ in WHO_NOTICES])
    return [{"what": what, "role": role, "people": people[role]} for role, what in WHO_NOTICES]


def live_of(system: System) -> Deployment | None:
    """Return what runs in production, with its version."""
    return Deployment.objects.in_production().live().filter(system=system).select_related("model_version").first()


def retraining_of(system: System, live: Deployment | None) -> dict:
    """Return the plan of retraining, when it was trained last, and when it is due (`is_late`: that has passed).

    `live` is what runs in production. `open_runs` are what changed requirements ask for and no version answers yet,
    the oldest first.
    """
    plan = Retraining.objects.filter(system=system).first()
    last = system.retraining_runs.exclude(at=None).values("pk")[:1]
    shown = system.retraining_runs.filter(Q(at=None) | Q(pk__in=last)).select_related("model_version", "by")
    runs = list(shown.order_by("asked_at"))
    last_run = next((run for run in runs if run.at), None)
    times = [live.model_version.trained_at if live else None, last_run.at if last_run else None]
    trained = max((at for at in times if at), default=None)
    due = plan.due_at(trained) if plan else None
    return {
        "plan": plan,
        "trained_at": trained,
        "due_at": due,
        "is_late": bool(due and due < timezone.now()),
        "last_run": last_run,
        "open_runs": [run for run in runs if run.is_open],
    }


def _phases(system: System) -> dict:
    """Return the three phases as they are drawn, each with the decision by which the system last came into it."""
    moves = list(system.phase_moves.select_related("by").order_by("at", "pk"))
    standings = standings_of([system], moves=moves)[system.pk]
    came = {move.to_phase: move for move in moves}
    phases: list[tuple[Drawn, PhaseMove | None]] = [(one, came.get(one.standing.phase)) for one in drawn(standings)]
    return {"phases": phases, "scoped": scoped_by([one.phase for one in standings if not one.lacks])}
