"""What incidents teach: who noticed, how late, and how long each step took. Plain Python over rows; no clock.

Median and 90th percentile instead of a mean, which a long tail misleads, each with how many could be measured. The
ends follow the field's usage (FACTS 1.4): acknowledging as PagerDuty counts it, mitigating with GitLab's fallbacks,
resolving from the declaration as Datadog does.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.models import Incident, Severity

MONITOR = Incident.NoticedHow.MONITOR


@dataclass(frozen=True)
class Measure:
    """A stretch of time: from the first stamp of `begins` that is known to the first of `ends`."""

    key: str
    title: str
    definition: str
    begins: tuple[str, ...]
    ends: tuple[str, ...]

    def hours(self, incident: Incident) -> float | None:
        """Return how many hours it took, never less than 0; None where an end is not known."""
        begin, end = _first(incident, self.begins), _first(incident, self.ends)
        return max((end - begin).total_seconds(), 0.0) / 3600 if begin and end else None


def _first(incident: Incident, names: tuple[str, ...]) -> datetime | None:
    return next((stamp for name in names if (stamp := getattr(incident, name))), None)


MEASURES = [
    Measure(
        "noticing_delay",
        "Noticing delay",
        "from the first bad point in our own data until somebody or something noticed; noticed earlier counts as 0",
        ("first_visible_at",),
        ("noticed_at",),
    ),
    Measure(
        "detect",
        "Time to detect",
        "from the beginning of the harm, or where nobody has said that, the first bad point in our data, until noticed",
        ("impact_started_at", "first_visible_at"),
        ("noticed_at",),
    ),
    Measure(
        "acknowledge",
        "Time to acknowledge",
        "from the declaration until somebody was on it; without those that nobody has acknowledged",
        ("declared_at",),
        ("acknowledged_at",),
    ),
    Measure(
        "mitigate",
        "Time to mitigate",
        "from the beginning of the harm, else the declaration, until it was mitigated, else resolved",
        ("impact_started_at", "declared_at"),
        ("mitigated_at", "resolved_at"),
    ),
    Measure(
        "resolve",
        "Time to resolve",
        "from the declaration until it was resolved; without those that are not",
        ("declared_at",),
        ("resolved_at",),
    ),
]


@dataclass(frozen=True)
class Figure:
    """Median and 90th percentile in hours over the `n` of `of` incidents that could be measured; None for n = 0."""

    median_h: float | None
    p90_h: float | None
    n: int
    of: int


def figure(measure: Measure, incidents: Sequence[Incident]) -> Figure:
    """Return the figure of `measure` over `incidents`."""
    known = sorted(hours for one in incidents if (hours := measure.hours(one)) is not None)
    return Figure(quantile(known, 0.5), quantile(known, 0.9), len(known), len(incidents))


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """Return the value below which `share` of the ordered values lie, linearly between neighbours; None for none."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


@dataclass(frozen=True)
class Group:
    """Some of the incidents: how many, how many of them monitoring found, and how late they were noticed."""

    key: str
    title: str
    count: int
    by_monitoring: int
    noticing: Figure


def group(key: str, title: str, incidents: Sequence[Incident]) -> Group:
    found = sum(one.noticed_how == MONITOR for one in incidents)
    return Group(key, title, len(incidents), found, figure(MEASURES[0], incidents))


def by_topic(incidents: Sequence[Incident]) -> list[Group]:
    """Return the topics that occur, in their own order."""
    return _groups([(topic.value, topic.label) for topic in Incident.Topic], incidents, lambda one: one.topic)


def by_month(incidents: Sequence[Incident]) -> list[Group]:
    """Return the months that occur, the newest first; the month of the declaration, in UTC."""
    months = sorted({_month(one) for one in incidents}, reverse=True)
    names = [(month, datetime.fromisoformat(f"{month}-01").strftime("%B %Y")) for month in months]
    return _groups(names, incidents, _month)


def _month(incident: Incident) -> str:
    return incident.declared_at.strftime("%Y-%m")


def _groups(names: Iterable[tuple[str, str]], incidents: Sequence[Incident], key_of) -> list[Group]:
    groups = [group(key, title, [one for one in incidents if key_of(one) == key]) for key, title in names]
    return [one for one in groups if one.count]


def by_severity(incidents: Sequence[Incident]) -> list[tuple[str, int]]:
    """Return how many there are of each severity, the worst first."""
    counted = Counter(one.severity for one in incidents)
    return [(severity.value, counted[severity]) for severity in Severity]


def by_noticing(incidents: Sequence[Incident]) -> list[tuple[str, int]]:
    """Return how many were noticed in which way, the most frequent first."""
    return Counter(one.noticed_how for one in incidents).most_common()
