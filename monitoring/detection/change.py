"""Quiet change: each point is held against what is normal for its day, hour and samples, and the evidence is added up.

1. **Normal** (`healthy`, `learning`): level, weekdays, hours, spread and likeness of neighbours, learned robustly from
   a quiet stretch or given as a baseline, on an axis on which noise is even (`scales`).
2. **Residual**: how many of its own standard deviations a point is from normal, cut at 3, so that one outlier cannot
   alarm. A proportion of 40 has a wider one than one of 4,000, and weighs less.
3. **Questions** (`questions`, `evidence`): has the level moved, at weekends only, are bad points frequent, is the
   series unsteady? An alarm begins when the evidence of one passes its threshold; since when, the evidence says.
4. **Alarm**: it lasts until the last points are back in the middle of normal. The next must tell more, for a while.

Bad input: a series that never moved is taken to be able to move by a millionth of its level; points at one time are
taken one after another; values outside their scale stand at its edge, huge ones at 1e100 (`scales`). With a `target`
only a move away from it is bad. The state is bounded (400 rows while it learns) and JSON-able.
"""

from dataclasses import dataclass

from monitoring.detection import learning, questions
from monitoring.detection.healthy import DAY, Healthy, is_weekend, learn
from monitoring.detection.questions import Finding, Scored
from monitoring.detection.scales import from_axis, spread_on_axis, to_axis

METHOD = 4  # the next number when states that were kept are of no use any more
CLIP = 3.0
HEAVIEST = 2.0
THRESHOLD = {"calm": 1.4, "normal": 1.0, "eager": 0.8}  # of the questions' thresholds, by sensitivity
AGAIN, AGAIN_DAYS = 1.3, 56.0  # so many times as much evidence, for so long after an alarm
BACK_POINTS = 8  # so many in the middle of normal before an alarm is over
BACK_WITHIN = 0.6
BACK_SHARE = 0.5
LAST = 7
SIDES = {"up": (1,), "down": (-1,), "both": (1, -1)}
BAND = 3.0
CALM_WEIGHT, CALM_BELOW = 0.1, 0.3


@dataclass(frozen=True)
class Baseline:
    """A given level and spread of values; `key` tells one baseline from the next.

    No spread: it is learned. What an experiment saw of it is judged by at once, and gives way to a wider one, and to
    weekdays and hours, once these are learned.
    """

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
        return SIDES[self.worse]


@dataclass(slots=True)
class Reading:
    """What one point says: `is_bad` while an alarm lasts, and then, in values, the `level` of the last points.

    `onset_at` (epoch seconds), `before` (the level until then) and `kind` (which of the questions: `level`, `weekend`,
    `bursts`, `spread`) belong to the alarm; out of one, `level` is the point's own value.
    """

    is_judged: bool
    is_bad: bool = False
    onset_at: float | None = None
    level: float | None = None
    before: float | None = None
    kind: str | None = None


def fresh(baseline: Baseline | None = None) -> dict:
    """Return the state before the first point, JSON-able."""
    return {
        "seen": 0,
        "baseline": baseline.key if baseline else None,
        "learning": [],
        "healthy": None,
        "first": None,
        "memory": {},
        "residual": None,
        "calm": 0.0,
        "doubt": None,
        "last": [],
        "back": [],
        "alarm": None,
        "cleared": None,
    }


def step(state: dict, chart: Chart, at: float, value: float, samples: float, baseline: Baseline | None = None):
    """Return (the state after the point, its Reading). `state` is left as it was; `at` is in epoch seconds.

    A baseline other than the one before starts the chart anew from here.
    """
    if state["baseline"] != (baseline.key if baseline else None):
        state = fresh(baseline) | {"seen": state["seen"]}
    state = _seen(state, at, value)
    if state["healthy"] is None:
        given = _given(baseline, chart.scale)
        if given is None:
            state = _with_row(state, chart, at, value, samples)
            if learning.is_enough(state["learning"]):
                state = learned_now(state, chart, baseline)
            return state, Reading(is_judged=False)
        state = _with_row(state, chart, at, value, samples) | {"healthy": given.as_dict(), "first": given.as_dict()}
    elif state["learning"] and state["alarm"] is None:
        _learn_more(state, chart, at, value, samples, baseline)
    return _judge(state, chart, Healthy(**state["healthy"]), at, value, samples)


def _seen(state: dict, at: float, value: float) -> dict:
    """Return a copy of `state`, one point on; what is done to the copy from then on is seen by nobody else."""
    state = state.copy()
    state["seen"] += 1
    state["last"] = [*state["last"][1 - LAST :], [at, value]]
    return state


def _with_row(state: dict, chart: Chart, at: float, value: float, samples: float) -> dict:
    rows = state["learning"]
    rows = rows if len(rows) <= learning.KEPT_POINTS else rows[-learning.KEPT_POINTS :]
    state["learning"] = [*rows, [at, to_axis(value, chart.scale), samples]]
    return state


def _learn_more(state: dict, chart: Chart, at: float, value: float, samples: float, baseline: Baseline | None) -> None:
    """Go on learning while all is quiet."""
    rows = state["learning"]
    if learning.is_settled(rows):
        state["learning"] = []
        return
    _with_row(state, chart, at, value, samples)
    enough = learning.usable(rows, state["healthy"], at, state["doubt"])
    if enough:
        found = learning.learned_more(enough, Healthy(**state["first"]), chart.scale, chart.sides)
        state["healthy"] = _at_level(found, chart, baseline).as_dict()


def learn_from(state: dict, chart: Chart, at: float, value: float, samples: float) -> dict:
    """Return the state after a point that is known to be healthy, and is not judged."""
    return _with_row(_seen(state, at, value), chart, at, value, samples)


def learned_now(state: dict, chart: Chart, baseline: Baseline | None = None) -> dict:
    """Return `state` ready to judge by what was seen so far, however little; as it was when nothing was."""
    if state["healthy"] is not None or not state["learning"]:
        return state
    healthy = _at_level(learn(state["learning"], chart.scale), chart, baseline).as_dict()
    return state | {"healthy": healthy, "first": healthy}


def _at_level(healthy: Healthy, chart: Chart, baseline: Baseline | None) -> Healthy:
    """Return what was learned, around the given level where there is one."""
    return healthy if baseline is None else healthy._replace(level=to_axis(baseline.value, chart.scale))


def _given(baseline: Baseline | None, scale: str) -> Healthy | None:
    if baseline is None or not baseline.spread:
        return None
    spread = spread_on_axis(baseline.value, baseline.spread, scale)
    return Healthy(level=to_axis(baseline.value, scale), spread=max(spread, 1e-12))


def _judge(state: dict, chart: Chart, healthy: Healthy, at: float, value: float, samples: float):
    """Judge a point; `state` is a copy that is nobody else's."""
    noise = healthy.noise(samples, chart.scale)
    residual = (to_axis(value, chart.scale) - healthy.expected(at)) / noise
    residual = -CLIP if residual < -CLIP else residual if residual < CLIP else CLIP
    before = state["residual"]
    weight = healthy.noise(0, chart.scale) / noise if samples else 1.0
    point = Scored(
        at,
        residual,
        weight if weight < HEAVIEST else HEAVIEST,
        None if before is None else residual - before,
    )
    state["memory"], found = questions.ask(state["memory"], point, healthy, chart.sides)
    share = found.share / _threshold(state, chart, at)
    state["residual"], state["doubt"] = residual, [share, found.since]
    if share < CALM_BELOW:
        state["calm"] += CALM_WEIGHT * (residual - state["calm"])
    if share > 1 or state["alarm"]:
        state |= _alarm(state, chart, healthy, found if share > 1 else None, at, residual)
    return state, _reading(state, chart, healthy, noise, value)


def _threshold(state: dict, chart: Chart, at: float) -> float:
    """Return by what the questions' thresholds are multiplied."""
    is_again = state["cleared"] is not None and at - state["cleared"] < AGAIN_DAYS * DAY
    return THRESHOLD[chart.sensitivity] * (AGAIN if is_again else 1.0)


def _alarm(state: dict, chart: Chart, healthy: Healthy, found: Finding | None, at: float, residual: float) -> dict:
    """Return what changes of the state as an alarm begins, lasts or ends; `found` has passed its threshold."""
    alarm = state["alarm"]
    if alarm is None:
        if found is None or not _is_worse(state, chart, found.since):
            return {}
        begun = {"onset": found.since, "side": found.side, "before": state["calm"], "kind": found.kind}
        rows = [row for row in state["learning"] if row[0] < found.since]
        return {"alarm": begun, "back": [], "learning": rows}
    if alarm["kind"] == "weekend" and not is_weekend(at):
        return {}
    back = [*state["back"][1 - BACK_POINTS :], residual]
    if not _is_back(state, chart, healthy, back):
        return {"back": back}
    return {"alarm": None, "memory": {}, "cleared": at, "back": []}


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


def _is_back(state: dict, chart: Chart, healthy: Healthy, back: list[float]) -> bool:
    kind, side = state["alarm"]["kind"], state["alarm"]["side"]
    is_over = questions.remaining(state["memory"], kind, side, healthy, chart.sides) <= BACK_SHARE
    return is_over and len(back) == BACK_POINTS and side * sum(back) / BACK_POINTS < BACK_WITHIN


def _reading(state: dict, chart: Chart, healthy: Healthy, noise: float, value: float) -> Reading:
    alarm = state["alarm"]
    if alarm is None:
        return Reading(True, level=value)
    before = from_axis(healthy.level + alarm["before"] * noise, chart.scale)
    return Reading(True, True, alarm["onset"], _level_since(state, alarm["onset"]), before, alarm["kind"])


def band_at(state: dict, chart: Chart, at: float, samples: float = 0.0) -> tuple[float, float] | None:
    """Return (low, high) in values between which a point at `at` is normal, or None while that is not known."""
    if state["healthy"] is None:
        return None
    healthy = Healthy(**state["healthy"])
    expected, noise = healthy.expected(at), healthy.noise(samples, chart.scale)
    return from_axis(expected - BAND * noise, chart.scale), from_axis(expected + BAND * noise, chart.scale)
