"""Which baselines are older than the model version that runs."""

from datetime import datetime

from monitoring.models import Baseline, Metric
from systems.models import Deployment


def stale_baselines(systems) -> dict[int, tuple[str, datetime]]:
    """Return, by the id of each quality series of `systems` whose baseline is older, (the live version, since when).

    A baseline from before the first version is of that version's experiment: it is older only than what replaced it.
    Two queries.
    """
    running: dict[int, tuple[str, datetime]] = {}
    replaced: set[int] = set()
    done = Deployment.objects.in_production().filter(system__in=systems).order_by("system", "at")
    for system, at, name in done.values_list("system", "at", "model_version__name"):
        if system in running and running[system][0] == name:
            continue
        replaced |= {system} & running.keys()
        running[system] = (name, at)
    return {series: running[system] for series, system, newest in _newest(replaced) if newest < running[system][1]}


def _newest(systems) -> list[tuple[int, int, datetime]]:
    """Return (series, system, from when its newest baseline holds) of quality series; given ones before learned."""
    rows = Baseline.objects.filter(series__metric__system__in=systems, series__metric__kind=Metric.Kind.QUALITY)
    facts = rows.order_by().values_list("series", "series__metric__system", "from_at", "by", "origin")
    held: dict[tuple[int, int], tuple[bool, datetime]] = {}
    for series, system, at, by, origin in facts:
        is_given = by is not None or origin == Baseline.Origin.EXPERIMENT
        held[series, system] = max(held.get((series, system), (False, at)), (is_given, at))
    return [(series, system, at) for (series, system), (_, at) in held.items()]
