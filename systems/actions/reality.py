"""The reality gap of a system, as whoever measures its quality leaves it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models.functions import Now

from mlops_portal.engine.duties import nudge
from systems.models import System

FIELDS = ["reality_gap", "reality_gap_now", "reality_gap_share", "reality_gap_sentence"]


@dataclass(frozen=True)
class RealityGap:
    """By how much the system is worse than its experiment: in its first days live, now, and as a share of the figure.

    The numbers are in the unit of the leading metric, below 0 where it is better; None where that is not known.
    """

    sentence: str
    then: float | None = None
    now: float | None = None
    share: float | None = None


def report_reality_gaps(found: Iterable[tuple[System, RealityGap]]) -> int:
    """Keep what was found of each system; return how many were kept."""
    systems = []
    for system, gap in found:
        system.reality_gap, system.reality_gap_now, system.reality_gap_share = gap.then, gap.now, gap.share
        system.reality_gap_sentence = gap.sentence
        systems.append(system)
    return System.objects.bulk_update(systems, FIELDS)


def measure_again(system: System) -> None:
    """Let the reality gap be measured soon: what it rests on has changed."""
    System.objects.filter(pk=system.pk).update(reality_due_at=Now())
    nudge("compare")
