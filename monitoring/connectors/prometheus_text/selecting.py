"""From a page to values: as it stands, or as what a counter or a histogram gained since the last pull.

Increases follow Prometheus: a counter that fell was set back to 0, so that what it shows now is what it gained. A
quantile is found by `histogram_quantile`: linear inside its bucket.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from monitoring.connectors.connector import Reading
from monitoring.connectors.prometheus_text.exposition import Labels, Page, Sample, number

NAMES_SHOWN = 5
NOT_A_NUMBER = "Its value is not a number."
FIRST_TIME = "Counters have their first value at the second pull."
FROZEN = "Its counters are no newer than at the last pull."
QUIET = "Nothing was counted since the last pull."


class Missing(Exception):
    """The page does not hold what a selector names; the text says what is there."""


@dataclass
class Taken:
    """What a selector found: a reading, or a note why there is none; `memory` is for the next pull."""

    reading: Reading | None = None
    note: str = ""
    memory: dict = field(default_factory=dict)


def names_of(selector: Mapping[str, Any]) -> set[str]:
    """Return the names of the samples that a selector reads."""
    names = {selector["series"]}
    if selector.get("take") == "quantile":
        return {selector["series"] + "_bucket"}
    if selector.get("take") == "ratio":
        names.add(selector["over"]["series"])
    return names


def take(page: Page, selector: Mapping[str, Any], memory: Mapping[str, Any], at: datetime) -> Taken:
    """Return what the selector finds; `memory` is what it left at the last pull, `at` the time of this one.

    Raises Missing.
    """
    match selector.get("take", "value"):
        case "value":
            return _value(_one(page, selector), at)
        case "rate":
            return _rate(_Counted.of(page, selector, memory, at))
        case "ratio":
            return _ratio(_Counted.of(page, selector, memory, at))
        case _:
            return _quantile(_Counted.of(page, selector, memory, at), selector.get("q", 0.95))


def _one(page: Page, selector: Mapping[str, Any]) -> Sample:
    found = _found(page, selector["series"], selector.get("labels", {}))
    if len(found) > 1:
        shown = "; ".join(", ".join(f"{k}={v}" for k, v in sample.labels) for sample in found[:3])
        raise Missing(f"{len(found)} series are called {selector['series']}: name labels that only one has ({shown}).")
    return found[0]


def _found(page: Page, name: str, labels: Mapping[str, str]) -> list[Sample]:
    if found := page.find(name, labels):
        return found
    if name in page.samples:
        there = ", ".join(f"{k}={v}" for k, v in page.samples[name][0].labels) or "no labels"
        raise Missing(f"{name} is there, but not with these labels; it has, for one, {there}.")
    raise Missing(f"There is no {name}; {_what_there_is(page)}.")


def _what_there_is(page: Page) -> str:
    names = sorted(page.samples)
    shown = ", ".join(names[:NAMES_SHOWN])
    return f"there is {shown}" + (f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else "")


def _value(sample: Sample, at: datetime) -> Taken:
    if not math.isfinite(sample.value):
        return Taken(note=NOT_A_NUMBER)
    return Taken(Reading(sample.at or at, float(sample.value)))


@dataclass
class _Counted:
    """What the counters of a selector gained, by labels, in the `elapsed_s` since the last pull (None: there was none).

    `at` is the time of what stands now: the page's own where it gives one, else that of the pull.
    """

    gained: dict[Labels, float]
    over: dict[Labels, float]
    elapsed_s: float | None
    at: datetime
    memory: dict

    @classmethod
    def of(cls, page: Page, selector: Mapping[str, Any], memory: Mapping[str, Any], at: datetime) -> "_Counted":
        kept = memory if memory.get("selector") == dict(selector) else {}
        name = selector["series"] + ("_bucket" if selector.get("take") == "quantile" else "")
        found = _found(page, name, selector.get("labels", {}))
        at = max((sample.at for sample in found if sample.at), default=at)  # the page's own time, where it gives one
        elapsed_s = (at - datetime.fromisoformat(kept["at"])).total_seconds() if kept else None
        stands = _stands(found, kept.get("stands", []))
        over = selector.get("over")
        below = _stands(_found(page, over["series"], over.get("labels", {})), kept.get("over", [])) if over else {}
        new = {"selector": dict(selector), "at": at.isoformat(), "stands": _kept(stands), "over": _kept(below)}
        return cls(_gained(stands), _gained(below), elapsed_s, at, new)

    def taken(self, value: float | None, samples: float = 0) -> Taken:
        """Return the value as what is taken; none was counted where it is None."""
        if self.elapsed_s is None:
            return Taken(note=FIRST_TIME, memory=self.memory)
        if self.elapsed_s <= 0:  # what stood then stays kept
            return Taken(note=FROZEN)
        if value is None or not math.isfinite(value):
            return Taken(note=QUIET, memory=self.memory)
        return Taken(Reading(self.at, value, samples=int(samples)), memory=self.memory)


def _stands(found: list[Sample], kept: list) -> dict[Labels, tuple[float | None, float]]:
    """Return by labels where each counter stood and stands; NaN is no stand, the last one is kept over it."""
    before = {tuple((k, v) for k, v in labels): stand for labels, stand in kept}
    now = {sample.labels: sample.value for sample in found if math.isfinite(sample.value)}
    skipped = {sample.labels: before[sample.labels] for sample in found if sample.labels in before}
    return {labels: (before.get(labels), stand) for labels, stand in (skipped | now).items()}


def _gained(stands: Mapping[Labels, tuple[float | None, float]]) -> dict[Labels, float]:
    gained = {}
    for labels, (before, now) in stands.items():
        gained[labels] = 0.0 if before is None else now - before if now >= before else now
    return gained


def _kept(stands: Mapping[Labels, tuple[float | None, float]]) -> list:
    return [[[list(pair) for pair in labels], now] for labels, (_, now) in stands.items()]


def _rate(counted: _Counted) -> Taken:
    gained = sum(counted.gained.values())
    return counted.taken(gained / counted.elapsed_s if counted.elapsed_s else None, gained)


def _ratio(counted: _Counted) -> Taken:
    of = sum(counted.over.values())
    return counted.taken(sum(counted.gained.values()) / of if of else None, of)


def _quantile(counted: _Counted, q: float) -> Taken:
    buckets: dict[float, float] = {}
    for labels, gained in counted.gained.items():
        bound = _bound(dict(labels).get("le"))
        buckets[bound] = buckets.get(bound, 0.0) + gained
    return counted.taken(quantile_of(buckets, q), buckets.get(math.inf, 0.0))


def _bound(text: str | None) -> float:
    try:
        return number(text or "")
    except ValueError:
        raise Missing("The buckets of this histogram have no bounds that are numbers.") from None


def quantile_of(buckets: Mapping[float, float], q: float) -> float | None:
    """Return the q-quantile of cumulative counts by upper bound; None without counts or without a bucket +Inf."""
    bounds = sorted(buckets)
    total = buckets[bounds[-1]] if bounds and bounds[-1] == math.inf else 0.0
    if not total or len(bounds) < 2:
        return None
    rank, low, below = q * total, 0.0, 0.0
    for bound in bounds[:-1]:
        count = max(buckets[bound], below)  # reset buckets may not be cumulative for one pull
        if count >= rank:
            start = bound if bound <= 0 and low == 0.0 else low
            return start + (bound - start) * ((rank - below) / (count - below) if count > below else 1.0)
        low, below = bound, count
    return bounds[-2]
