"""Where ticks stand and what they say."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

MINUTE, HOUR, DAY = 60, 3600, 86400
STEPS_S = [MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY]
MONTH_STEPS = [1, 2, 3, 6, 12]
MONTH_S = 30.44 * DAY


def value_range(values: list[float]) -> tuple[float, float]:
    """Return (low, high) that holds all values with a little air; one value alone gets room on both sides."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    air = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return low - air, high + air


def value_ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round values inside [low, high], steps of 1, 2 or 5 times a power of ten, near `about` of them."""
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first = math.ceil(low / step)
    last = math.floor(high / step)
    return [round(index * step, 12) for index in range(first, last + 1)]


def value_label(value: float, ticks: list[float]) -> str:
    """Return the value with as many decimals as tell the ticks apart."""
    step = ticks[1] - ticks[0] if len(ticks) > 1 else abs(value) or 1.0
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:,.{decimals}f}"


def time_ticks(start: datetime, end: datetime, about: int = 6) -> list[tuple[datetime, str]]:
    """Return (moment, label) on round moments inside [start, end], near `about` of them."""
    span_s = (end - start).total_seconds()
    fitting = next((step for step in STEPS_S if span_s / step <= about * 1.4), None)
    moments = _every(start, end, fitting) if fitting else _months(start, end, about)
    pattern = "%H:%M" if fitting and fitting < DAY else "%-d %b" if fitting else "%b %Y"
    return [(moment, _label(moment, pattern)) for moment in moments]


def _label(moment: datetime, pattern: str) -> str:
    midnight_among_hours = pattern == "%H:%M" and moment.hour == moment.minute == 0
    return moment.strftime("%-d %b" if midnight_among_hours else pattern)


def _every(start: datetime, end: datetime, step_s: int) -> Iterator[datetime]:
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    passed = math.ceil((start - midnight).total_seconds() / step_s)
    moment = midnight + timedelta(seconds=passed * step_s)
    while moment <= end:
        yield moment
        moment += timedelta(seconds=step_s)


def _months(start: datetime, end: datetime, about: int) -> Iterator[datetime]:
    count = (end - start).total_seconds() / MONTH_S
    step = next((step for step in MONTH_STEPS if count / step <= about * 1.4), math.ceil(count / 12 / about) * 12)
    month = start.year * 12 + start.month - 1
    for index in range(month - month % step, end.year * 12 + end.month, step):
        moment = start.replace(year=index // 12, month=index % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
        if start <= moment <= end:
            yield moment
