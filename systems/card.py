"""What the registry says of a system on its model card: by the card's customary headings, as Markdown."""

from collections.abc import Iterator

from django.utils import timezone

from mlops_portal.engine.markdown import bullets, plain, table
from systems.checking import CHECKS
from systems.models import Deployment, Feed, ModelVersion, Outcome, Retraining, System
from systems.models.model_version import rollback_targets
from systems.models.retraining import last_trained
from systems.readiness import judge
from systems.states import states_of

VERSIONS_SHOWN = 10


def card_parts(system: System) -> Iterator[tuple[str, str]]:
    """Yield (heading, Markdown) in the order in which they are to stand below each heading."""
    yield "Model Details", _facts(system)
    yield "Model Details", _people(system)
    yield "Model Details", _versions(system)
    yield "Intended Use", plain(system.purpose) if system.purpose else "Nobody has written what it is for."
    yield "Training Data", _feeds(system)
    yield "Training Data", _retraining(system)
    yield "Caveats and Recommendations", _ranges(system)
    yield "Caveats and Recommendations", _gaps(system)


def _facts(system: System) -> str:
    verdict = judge(states_of([system], at=timezone.now())[system.pk])
    links = [f"{plain(name)}: {plain(to)}" for name, to in system.links.items()]
    facts = [
        f"Short name: {plain(system.slug)}",
        f"Team: {plain(system.team)}, tier {system.tier}",
        f"Phase: {system.get_phase_display()}",
        f"Readiness: {plain(verdict.sentence)}",
    ]
    return bullets([*facts, *links])


def _people(system: System) -> str:
    rows = []
    for role, holding in system.roles():
        person = plain(holding.person) if holding else "nobody"
        deputy = plain(holding.deputy) if holding and holding.deputy else ""
        rows.append([role.label, person, deputy, _day(holding.confirmed_at) if holding else ""])
    return table(["Role", "Held by", "Deputy", "Last confirmed"], rows)


def _versions(system: System) -> str:
    live = list(Deployment.objects.live().filter(system=system).select_related("model_version"))
    back = rollback_targets(live)
    runs = [
        f"{plain(one.model_version)} runs in {plain(one.environment)} since {_day(one.at)}"
        + (f"; when it has to go, {plain(back[one.pk])} comes back." if one.pk in back else ".")
        for one in live
    ]
    rows = [
        [plain(one.name), _day(one.trained_at), _figures(one), plain(one.registry_ref)]
        for one in system.model_versions.all()[:VERSIONS_SHOWN]
    ]
    said = bullets(runs) if runs else "It is not recorded which version runs."
    if not rows:
        return f"{said}\n\nNo version is recorded."
    return f"{said}\n\n{table(['Version', 'Trained', 'Figures on its test set', 'Where it lies'], rows)}"


def _figures(version: ModelVersion) -> str:
    return ", ".join(f"{plain(name)} {value:g}" for name, value in version.figures.items())


def _feeds(system: System) -> str:
    feeds = Feed.objects.filter(dependencies__system=system).select_related("owner").prefetch_related("contracts")
    rows = []
    for feed in feeds:
        newest = next(iter(feed.contracts.all()), None)
        contract = f"version {newest.n}, {newest.status}" if newest else "none"
        how = f"{feed.get_arrival_display()}, at most {feed.freshness_s} s old"
        rows.append([plain(feed.name), plain(feed.owner), how, contract, plain(feed.fallback)])
    if not rows:
        return "No data feed is described."
    return table(["Feed", "Owner", "Arrival", "Contract", "When it is unavailable"], rows)


def _retraining(system: System) -> str:
    plan = Retraining.objects.filter(system=system).first()
    if plan is None:
        return "Nobody has said when and how it is trained again."
    trained = last_trained([system]).get(system.pk)
    due = plan.due_at(trained)
    said = [f"Retraining: {plain(plan.policy)}", f"Done by: {plain(plan.who)}"]
    said += [f"Due upon: {plain(trigger)}" for trigger in plan.triggers]
    said += [f"Last trained: {_day(trained)}"] if trained else []
    said += [f"Next due: {_day(due)}"] if due else []
    open_runs = system.retraining_runs.filter(at=None).order_by("asked_at")
    return bullets([*said, *(f"Asked for and not answered yet: {plain(run.note)}" for run in open_runs)])


def _ranges(system: System) -> str:
    rows = [
        [plain(one.metric_key), _number(one.low), _number(one.high), plain(one.reason)]
        for one in system.expected_ranges.all()
    ]
    if not rows:
        return "Nobody has said what is normal."
    return table(["Normally", "from", "to", "because"], rows)


def _gaps(system: System) -> str:
    failing = system.outcomes.with_result().filter(result_now=Outcome.Result.FAIL, check_key__in=CHECKS)
    why = [plain(one.why) for one in failing.order_by("since", "pk")]
    return f"Known gaps:\n\n{bullets(why)}" if why else "No known gap."


def _day(at) -> str:
    return f"{at:%-d %B %Y}" if at else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
