"""Quiet change: a two-speed CUSUM chart (Page 1954) on residuals from what is normal.

Each residual is divided by its own noise, widened by the correlation of neighbours and by what a short baseline does
not know, and clipped at 3, so that one outlier cannot alarm. The slow chart finds small lasting shifts, the quick one
large ones early. The onset is the point at which the sum that alarmed left zero.
"""

import math
from dataclasses import dataclass, replace

from monitoring.detection.healthy import DAY, Healthy, learn
from monitoring.detection.scales import from_axis, spread_on_axis, to_axis

CLIP = 3.0
CHARTS = ((0.5, 1.1), (1.2, 0.6))  # (allowance, share of the threshold): slow, quick
THRESHOLD = {"calm": 10.0, "normal": 6.5, "eager": 5.0}
UNSURE = 1.25  # standard errors of a learned level (a median's is 1.25 times a mean's) that are allowed for
BACK_POINTS = 8  # so many in the middle of normal before an alarm is over
BACK_WITHIN = 0.6
LEARN_POINTS, LEARN_DAYS = 14, 13.0
LEARN_MANY, LEARN_SPAN = 72, 1.0  # or so many points over so many days
KEPT_TO_LEARN = 400
SETTLED_POINTS, SETTLED_DAYS = 56, 50.0  # by then all is learned that will be
LEARN_EVERY = 7  # points; the last so many are not learned from, they may be the start of a change
SLIDE = 2.0  # standard errors that a level may move towards worse while it is still being learned
LAST = 7
BAND = 3.0
HIGHEST = 1.5  # of its threshold: a sum goes no higher
CALM_WEIGHT = 0.1


@dataclass(frozen=True)
class Baseline:
    """A given level and spread of values; `key` tells one baseline from the next. No spread: it is learned."""

    key: int
    value: float
    spread: float | None = None


@dataclass(frozen=True)
class Chart:
    """What the chart is asked to watch: the scale, which way is worse (`up`, `down`, `both`) and how soon to speak."""

    scale: str = "real"
    worse: str = "down"
    sensitivity: str = "normal"
    target: float | None = None

    @property
    def sides(self) -> tuple[int, ...]:
        return {"up": (1,), "down": (-1,), "both": (1, -1)}[self.worse]


@dataclass(frozen=True)
class Reading:
    """What one point says, in values: `level` of the last points, what was `expected`, the band around it.

    `is_bad` while an alarm lasts; `onset_at` and `before` (the level until then) belong to the alarm.
    """

    is_judged: bool
    is_bad: bool = False
    onset_at: float | None = None
    level: float | None = None
    before: float | None = None
    expected: float | None = None
    low: float | None = None
    high: float | None = None


def fresh(baseline: Baseline | None = None) -> dict:
    """Return the state before the first point, JSON-able."""
    return {
        "seen": 0,
        "baseline": baseline.key if baseline else None,
        "learning": [],
        "stride": 1,
        "healthy": None,
        "first": None,
        "sums": {},
        "calm": 0.0,
        "last": [],
        "back": [],
        "alarm": None,
    }


def step(state: dict, chart: Chart, at: float, value: float, samples: float, baseline: Baseline | None = None):
    """Return (the state after the point, its Reading). `state` is left as it was; `at` is in epoch seconds.

    A baseline other than the one before starts the chart anew from here.
    """
    if state["baseline"] != (baseline.key if baseline else None):
        state = fresh(baseline) | {"seen": state["seen"]}
    state = state | {"seen": state["seen"] + 1, "last": [*state["last"], [at, value]][-LAST:]}
    if state["healthy"] is None:
        return _learn(state, chart, at, value, samples, baseline)
    if state["learning"]:
        state = _learn_more(state, chart, at, value, samples, baseline)
    return _judge(state, chart, Healthy(**state["healthy"]), at, value, samples)


def _learn(state: dict, chart: Chart, at: float, value: float, samples: float, baseline: Baseline | None):
    given = _given(baseline, chart.scale)
    if given is not None:
        return _judge(state | {"healthy": given.as_dict()}, chart, given, at, value, samples)
    state = _with_row(state, chart, at, value, samples)
    if _is_enough(state["learning"]):
        state = learned_now(state, chart, baseline)
    return state, Reading(is_judged=False)


def _with_row(state: dict, chart: Chart, at: float, value: float, samples: float) -> dict:
    """Return the state with one more row to learn from; of very many only every second, fourth … is kept."""
    rows = list(state["learning"])
    if (state["seen"] - 1) % state["stride"] == 0:
        rows.append([at, to_axis(value, chart.scale), samples])
    if len(rows) > KEPT_TO_LEARN:
        return state | {"learning": rows[::2], "stride": state["stride"] * 2}
    return state | {"learning": rows}


def _learn_more(state: dict, chart: Chart, at: float, value: float, samples: float, baseline: Baseline | None) -> dict:
    """Go on learning while all is quiet, but hardly towards worse: a slow change must not become what is normal."""
    rows = state["learning"]
    is_settled = len(rows) >= SETTLED_POINTS and rows[-1][0] - rows[0][0] >= SETTLED_DAYS * DAY
    if state["alarm"] is not None or is_settled:
        return state | {"learning": []}
    state = _with_row(state, chart, at, value, samples)
    if state["seen"] % LEARN_EVERY:
        return state
    usable = [tuple(row) for row in state["learning"][:-LEARN_EVERY]]
    first = Healthy(**state["first"])
    if len(usable) <= first.count:
        return state
    found = learn(usable, chart.scale)
    slack = SLIDE * UNSURE * first.noise(0, chart.scale) * _widening(first) / math.sqrt(first.count)
    low = first.level - (slack if -1 in chart.sides else math.inf)
    high = first.level + (slack if 1 in chart.sides else math.inf)
    level = to_axis(baseline.value, chart.scale) if baseline else min(max(found.level, low), high)
    return state | {"healthy": replace(found, level=level).as_dict()}


def learn_from(state: dict, chart: Chart, at: float, value: float, samples: float) -> dict:
    """Return the state after a point that is known to be healthy, and is not judged."""
    seen = {"seen": state["seen"] + 1, "last": [*state["last"], [at, value]][-LAST:]}
    return _with_row(state | seen, chart, at, value, samples)


def learned_now(state: dict, chart: Chart, baseline: Baseline | None = None) -> dict:
    """Return `state` ready to judge by what was seen so far, however little; as it was when nothing was."""
    if state["healthy"] is not None or not state["learning"]:
        return state
    healthy = learn([tuple(row) for row in state["learning"]], chart.scale)
    if baseline is not None:
        healthy = replace(healthy, level=to_axis(baseline.value, chart.scale))
    return state | {"healthy": healthy.as_dict(), "first": healthy.as_dict()}


def _given(baseline: Baseline | None, scale: str) -> Healthy | None:
    if baseline is None or not baseline.spread:
        return None
    spread = spread_on_axis(baseline.value, baseline.spread, scale)
    return Healthy(level=to_axis(baseline.value, scale), spread=max(spread, 1e-12))


def _is_enough(rows: list[list[float]]) -> bool:
    days = (rows[-1][0] - rows[0][0]) / DAY if rows else 0.0
    many = len(rows) >= LEARN_MANY and days >= LEARN_SPAN
    return many or (len(rows) >= LEARN_POINTS and days >= LEARN_DAYS)


def _judge(state: dict, chart: Chart, healthy: Healthy, at: float, value: float, samples: float):
    place, expected = to_axis(value, chart.scale), healthy.expected(at)
    noise = healthy.noise(samples, chart.scale)
    raw = (place - expected) / noise
    residual = min(max(raw / _widening(healthy), -CLIP), CLIP)
    threshold = THRESHOLD[chart.sensitivity]
    unsure = UNSURE / math.sqrt(healthy.count) if healthy.count else 0.0
    sums = _sums(state["sums"], chart, residual, unsure, threshold, at)
    calm = state["calm"]
    if all(height == 0 for height, _ in sums.values()):
        calm += CALM_WEIGHT * (residual - calm)
    state = state | {"sums": sums, "calm": calm, "back": [*state["back"], residual][-BACK_POINTS:]}
    state = state | _alarm(state, chart, threshold, at)
    return state, _reading(state, chart, expected, noise, healthy, value)


def _sums(before: dict, chart: Chart, residual: float, unsure: float, threshold: float, at: float) -> dict:
    """Return the cumulative sums after one more residual, each with the moment at which it left zero."""
    sums = {}
    for side in chart.sides:
        for number, (allowance, share) in enumerate(CHARTS):
            key = f"{side}:{number}"
            height, onset = before.get(key, (0.0, None))
            height = min(max(height + side * residual - allowance - unsure, 0.0), HIGHEST * threshold * share)
            sums[key] = [height, (onset if onset is not None else at) if height > 0 else None]
    return sums


def _widening(healthy: Healthy) -> float:
    """Return how much wider means of neighbours scatter because neighbours resemble each other."""
    return math.sqrt((1 + healthy.memory) / (1 - healthy.memory))


def _alarm(state: dict, chart: Chart, threshold: float, at: float) -> dict:
    """Return what changes of the state as an alarm begins, lasts or ends."""
    if state["alarm"] is not None:
        if not _is_back(state):
            return {}
        return {"alarm": None, "sums": {key: [0.0, None] for key in state["sums"]}}
    for side in chart.sides:
        for number, (_, share) in enumerate(CHARTS):
            height, onset = state["sums"][f"{side}:{number}"]
            if height > threshold * share and _is_worse(state, chart, onset):
                return {"alarm": {"onset": onset, "first": at, "side": side, "before": state["calm"]}, "back": []}
    return {}


def _is_worse(state: dict, chart: Chart, onset: float) -> bool:
    """Whether the level moved for the worse; towards a target it did not."""
    if chart.target is None:
        return True
    usual = from_axis(state["healthy"]["level"], chart.scale)
    return abs(_level_since(state, onset) - chart.target) > abs(usual - chart.target)


def _level_since(state: dict, onset: float) -> float:
    """Return the median of the last values that belong to a change which began at `onset`."""
    since = sorted(value for at, value in state["last"] if at >= onset)
    return since[len(since) // 2] if since else state["last"][-1][1]


def _is_back(state: dict) -> bool:
    side, back = state["alarm"]["side"], state["back"]
    return len(back) == BACK_POINTS and side * sum(back) / BACK_POINTS < BACK_WITHIN


def _reading(state: dict, chart: Chart, expected: float, noise: float, healthy: Healthy, value: float) -> Reading:
    alarm, scale = state["alarm"], chart.scale
    low, high = (from_axis(expected + side * BAND * noise, scale) for side in (-1, 1))
    calm = Reading(True, level=value, expected=from_axis(expected, scale), low=low, high=high)
    if alarm is None:
        return calm
    before = from_axis(healthy.level + alarm["before"] * noise * _widening(healthy), scale)
    level = _level_since(state, alarm["onset"])
    return replace(calm, is_bad=True, onset_at=alarm["onset"], level=level, before=before)


def band_at(state: dict, chart: Chart, at: float, samples: float = 0.0) -> tuple[float, float] | None:
    """Return (low, high) in values between which a point at `at` is normal, or None while that is not known."""
    if state["healthy"] is None:
        return None
    healthy = Healthy(**state["healthy"])
    expected, noise = healthy.expected(at), healthy.noise(samples, chart.scale)
    return from_axis(expected - BAND * noise, chart.scale), from_axis(expected + BAND * noise, chart.scale)
