"""The portal's chart of quiet change, as a benchmark of detectors asks for one: one arrival in, an alarm or none out.

`Portal(ctx)` with ctx = {"kind", "worse", "baseline_until", …} (times in epoch seconds; `kind` and `worse` as in
monitoring.detection.change.Chart); `update(now, at, value, samples)` returns whether an alarm lasts. Until
`baseline_until` the series is known to be healthy: that stretch is what is learned from.
"""

from bisect import bisect_left

from monitoring.detection import change


class Portal:
    """Streaming; a late or repeated time is put in its place and only what follows it is judged again."""

    def __init__(self, ctx: dict):
        self.chart = change.Chart(scale=ctx["kind"], worse=ctx["worse"])
        self.healthy_until = ctx["baseline_until"]
        self.onset: float | None = None
        self.times: list[float] = []
        self.points: list[tuple[float, float]] = []
        self.states: list[dict] = []

    def update(self, now: float, at: float, value: float, samples: float | None) -> bool:
        place = bisect_left(self.times, at)
        is_known = place < len(self.times) and self.times[place] == at
        self.times[place : place + is_known] = [at]
        self.points[place : place + is_known] = [(value, samples or 0.0)]
        del self.states[place:]
        is_bad = False
        for time, point in zip(self.times[place:], self.points[place:], strict=True):
            is_bad = self._judge(time, *point)
        return is_bad

    def _judge(self, at: float, value: float, samples: float) -> bool:
        state = self.states[-1] if self.states else change.fresh()
        if at <= self.healthy_until:
            state, is_bad = change.learn_from(state, self.chart, at, value, samples), False
        else:
            state, reading = change.step(change.learned_now(state, self.chart), self.chart, at, value, samples)
            is_bad, self.onset = reading.is_bad, reading.onset_at
            self.why = reading.kind
        self.states.append(state)
        return is_bad
