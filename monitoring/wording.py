"""Plain sentences about values: what is said on pages, in alerts and in notices."""

import math
import re
from datetime import datetime, timedelta

from mlops_portal.engine import units
from monitoring.models import Metric

LONGEST = 300
NAME = r"`([^`]+)`"  # a name within a sentence: pages show it as code (look.told), all others plain
NO_QUALITY = (
    "It shows traffic, errors and latency at most, but nothing of how good the predictions are. Quality comes from "
    "where predictions meet what really happened: a prediction log, a report in JSON, or values that a job pushes."
)


def figures(*values: float) -> list[str]:
    """Return the values with as many decimals as tell them apart, at least two figures that count."""
    decimals = _apart(values)
    return [f"{value + 0.0:,.{decimals}f}" for value in values]


def edges(low: float, high: float, unit: str) -> str:
    """Return "0.900–0.940 s": with as many decimals as tell how wide it is to two figures."""
    decimals = min(_decimals(high - low, 2), 6) if high > low else _apart((low, high))
    first, last = (f"{value + 0.0:,.{decimals}f}" for value in (low, high))
    return with_unit(f"{first} to {last}" if low < 0 else f"{first}–{last}", unit)


def _apart(values: tuple[float, ...]) -> int:
    """Return how many decimals tell the values apart, at most six."""
    largest = max((abs(value) for value in values), default=0.0)
    apart = [abs(a - b) for n, a in enumerate(values) for b in values[n + 1 :] if a != b]
    return min(max(_decimals(largest or 1.0, 2), _decimals(min(apart), 1) if apart else 0), 6)


def _decimals(value: float, count: int) -> int:
    return max(0, count - 1 - math.floor(math.log10(value)))


def with_unit(text: str, unit: str) -> str:
    return f"{text} {units.said(unit)}".rstrip()


def day(moment: datetime, at: datetime, rhythm_s: float | None = None) -> str:
    """Return "3 March", with the year where it is not this one, with the time where points are hours apart."""
    words = f"{moment:%-d %B}" if moment.year == at.year else f"{moment:%-d %B %Y}"
    return f"{words}, {moment:%H:%M} UTC" if rhythm_s and rhythm_s < 43200 else words


def lasting(span: timedelta) -> str:
    """Return "6 hours": the largest unit of which there are two, in whole ones."""
    seconds = max(int(span.total_seconds()), 0)
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}s"
    return f"{seconds} seconds" if seconds != 1 else "1 second"


def title_of(series) -> str:
    """Return the metric's name, with the segment where there is one, to begin a sentence with."""
    name = str(series.metric)
    name = f"{name[:1].upper()}{name[1:]}".replace("_", " ")
    return f"{name} ({series.segment})" if series.segment else name


def change_sentence(series, reading: dict, baseline: float | None, at: datetime) -> str:
    """Say what changed and since when, such as "Accuracy has fallen from 0.91 to 0.86 since 3 March"."""
    before, level = reading["before"], reading["level"]
    decimals = _apart((before, level))
    texts = [with_unit(f"{v + 0.0:,.{decimals}f}", series.metric.unit) for v in (before, level, baseline or 0.0)]
    onset = day(datetime.fromtimestamp(reading["onset_at"], at.tzinfo), at, series.rhythm_s)
    usual = f" (usually {texts[0]})" if reading.get("kind") == "bursts" else ""
    beside = f" (baseline {texts[2]})" if baseline is not None else usual
    return f"{title_of(series)} {_changed(reading, texts)} since {onset}{beside}."


def back_sentence(series, reading: dict, fallen: float, at: datetime) -> str:
    """Say that a level which had moved to `fallen` is nearly back, while that has not lasted for long enough."""
    before, worst, level = reading["before"], fallen, reading["level"]
    decimals = _apart((before, worst))
    texts = [with_unit(f"{v + 0.0:,.{decimals}f}", series.metric.unit) for v in (before, worst, level)]
    onset = day(datetime.fromtimestamp(reading["onset_at"], at.tzinfo), at, series.rhythm_s)
    verb = "fell" if worst < before else "rose"
    return f"{title_of(series)} {verb} from {texts[0]} to {texts[1]} after {onset} and is {texts[2]} again."


def version_sentence(series, reading: dict, version: str) -> str:
    """Ask whether the level since a new model version is the new normal."""
    before, level = (with_unit(text, series.metric.unit) for text in figures(reading["before"], reading["level"]))
    return (
        f"{title_of(series)} is {level} since version {version} runs, before it was {before}: "
        "is that what is to be expected of it?"
    )


def _changed(reading: dict, texts: list[str]) -> str:
    """Return what a change of this kind is, in words that "since" may follow."""
    kind = reading.get("kind")
    if kind == "bursts":
        return "is bad now and then, more often than usual,"
    if kind == "spread":
        return f"scatters more than usual around {texts[0]}"
    verb = "fallen" if reading["level"] < reading["before"] else "risen"
    return f"has {verb} {'at weekends ' if kind == 'weekend' else ''}from {texts[0]} to {texts[1]}"


def limit_sentence(series, reading: dict, limit, at: datetime) -> str:
    """Say which bound is crossed, by what, and since when."""
    value = reading["level"]
    low = limit.below is not None and (limit.above is None or abs(value - limit.below) < abs(value - limit.above))
    bound = limit.below if low else limit.above
    texts = [with_unit(text, series.metric.unit) for text in figures(value, bound)]
    onset = day(datetime.fromtimestamp(reading["onset_at"], at.tzinfo), at, series.rhythm_s)
    side = "below" if low else "above"
    if not limit.is_out(value):
        return f"{title_of(series)} was {side} its limit {texts[1]} since {onset}, and is {texts[0]} now."
    if limit.of > 1:
        count = f"{reading['out']} of the last {limit.of} points"
        return f"{title_of(series)}: {count} are {side} the limit {texts[1]} since {onset}, the last {texts[0]}."
    return f"{title_of(series)} is {texts[0]}, {side} its limit {texts[1]}, since {onset}."


def fine_sentence(series, reading: dict | None, baseline: float | None) -> str:
    """Say the last value, and what it is held against."""
    if series.last_value is None:
        return "No value has come yet."
    known = [series.last_value] if baseline is None else [series.last_value, baseline]
    texts = [with_unit(text, series.metric.unit) for text in figures(*known)]
    beside = f" (baseline {texts[1]})" if baseline is not None else ""
    is_quality = series.metric.kind == Metric.Kind.QUALITY
    if is_quality and reading is not None and not reading["is_judged"]:
        return f"{title_of(series)} is {texts[0]}{beside}; what is normal for it is still being learned."
    inside = ", as it usually is" if is_quality and reading is not None else ""
    return f"{title_of(series)} is {texts[0]}{inside}{beside}."


def no_data_sentence(series, since: datetime | None, at: datetime, trouble: str) -> str:
    """Say for how long nothing came, and what the last pull said."""
    heard = f"No data of {lower(title_of(series))} for {lasting(at - since)}" if since else "No value has come yet"
    return f"{heard}: {trouble}" if trouble else f"{heard}."


def pull_trouble(pull) -> str:
    """Say what went wrong with a pull, such as "the last pull at 09:14 UTC: The target timed out after 30 s."."""
    why = pull.error or f"{pull.get_outcome_display().replace('_', ' ')}."
    return f"the last pull at {pull.due_at:%H:%M} UTC: {why}"


def schema_sentence(gone: list[str], new: list[str], since: datetime, at: datetime) -> str:
    """Say which columns are gone, since when, and which came in their place."""
    which = f"Column {gone[0]} is" if len(gone) == 1 else f"Columns {_list(gone)} are"
    came = f"; {_list(new)} {'is' if len(new) == 1 else 'are'} new" if new else ""
    return cut(f"{which} gone since {day(since, at)}{came}.")


def _list(names: list[str]) -> str:
    shown = names[:6]
    more = [f"{len(names) - len(shown)} more"] if len(names) > len(shown) else []
    parts = [*shown, *more]
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


def lower(text: str) -> str:
    """Return the text as it goes on within a sentence; abbreviations stay as they are."""
    first = text.split(" ", 1)[0]
    return text if first.isupper() or len(first) == 1 else text[:1].lower() + text[1:]


def plain(text: str) -> str:
    """Return the sentence without what marks names in it, as programs and mails are told."""
    return re.sub(NAME, r"\1", text)


def cut(text: str) -> str:
    """Return the text, shortened to what a sentence's column holds."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
