"""What of a metrics page is worth watching: known names of model servers first, the rest by type and suffix."""

import math
import re
from collections.abc import Iterator
from datetime import datetime

from monitoring import guessing
from monitoring.connectors.connector import Found, Suggested
from monitoring.connectors.prometheus_text.exposition import Labels, Page, Sample
from monitoring.connectors.prometheus_text.selecting import quantile_of
from monitoring.connectors.prometheus_text.servers import Known, known_as, server_of

Q = 0.95
LONGEST_KEY = 80
ENDINGS = {"quantile": "p95", "rate": "rate", "ratio": "share"}
ERRORS = re.compile(r"(?:^|_)(?:errors?|failures?|failed|exceptions?|requests5xx|5xx)(?:_|$)", re.IGNORECASE)
STARTED = "process_start_time_seconds"
OWN = re.compile(r"(?:python|process|go|promhttp|scrape|jvm)_.*|.*_created|.*_info")  # about the process, not its work
OWN_DOORS = re.compile(r"/(?:metrics|healthz?|livez|readyz|ready|live|docs.*|v2/health/.*)?")
NOBODY = ("", "None", "not available")  # what servers write for a version that nobody gave


def suggest(page: Page, at: datetime) -> list[Found]:
    """Return every series of the page with its last value and how it might be watched, likely ones first.

    Of a server that is recognised only what is known of it is likely, and of any page what speaks of quality.
    """
    server = server_of(page.names())
    found: dict[str, Found] = {}
    for one in (*_known(page, at, server), *_histograms(page, at, server), *_singles(page, at, server)):
        found.setdefault(repr(one.selector), one)
    return sorted(found.values(), key=lambda one: not one.is_likely)


def _known(page: Page, at: datetime, server: str) -> Iterator[Found]:
    for name in page.names():
        if f"{name}_total" in page.samples:  # both are shown for a while: the newer one stays
            continue
        for known in known_as(name):
            for labels in _groups(page, name, known):
                if one := _as_known(page, name, labels, known, at, server):
                    yield one


def _groups(page: Page, name: str, known: Known) -> list[dict[str, str]]:
    """Return the labels of each group of series that is watched as one."""
    left_out = {*known.without, "le", "quantile", *(known.good[:1] if known.good else ())}
    samples = page.samples.get(f"{name}_bucket" if known.take == "quantile" else name, [])
    groups = [{label: value for label, value in one.labels if label not in left_out} for one in samples]
    return [group for n, group in enumerate(groups) if group not in groups[:n]]


def _as_known(page: Page, name: str, labels: dict, known: Known, at: datetime, server: str) -> Found | None:
    selector: dict = {"series": name, "labels": labels, "take": known.take}
    match known.take:
        case "quantile":
            if page.type_of(name) == "summary" or not page.find(f"{name}_bucket", labels):
                return None
            selector["q"] = Q
            last = quantile_of(_buckets(page.find(f"{name}_bucket", labels)), Q)
        case "value":
            last = sum(one.value for one in page.find(name, labels)) if len(page.find(name, labels)) == 1 else None
        case "rate":
            last = _per_second(page, page.find(name, labels), at)
        case _:
            if (over := _over(page, name, labels, known)) is None:
                return None
            if known.good:
                values = {dict(one.labels).get(known.good[0], "") for one in page.find(name, labels)}
                good = [one for one in known.good[1] if one in values]
                if not good:
                    return None
                selector["labels"] = labels | {known.good[0]: good[0]}
            selector["over"] = over
            last = _share(page, selector)
    return _found(selector, last, at, known, server, is_likely=not _is_own_door(labels))


def _over(page: Page, name: str, labels: dict[str, str], known: Known) -> dict | None:
    """Return what a ratio is of: the series and those of the labels that it has too."""
    if known.good:
        return {"series": name, "labels": labels}
    names = [known.over] if known.over in page.samples else _wholes(name)
    for other in names:
        for sample in page.samples.get(other, []) if other != name else ():
            own = dict(sample.labels)
            if all(own[label] == value for label, value in labels.items() if label in own):
                return {"series": other, "labels": {label: value for label, value in labels.items() if label in own}}
    return None


def _share(page: Page, selector: dict) -> float | None:
    of = sum(one.value for one in page.find(selector["over"]["series"], selector["over"]["labels"]))
    part = sum(one.value for one in page.find(selector["series"], selector["labels"]))
    return part / of if of else None


def _per_second(page: Page, samples: list[Sample], at: datetime) -> float | None:
    started = page.samples.get(STARTED, [])
    up_s = at.timestamp() - started[0].value if started else 0.0
    return sum(one.value for one in samples) / up_s if up_s > 0 else None


def _buckets(samples: list[Sample]) -> dict[float, float]:
    buckets: dict[float, float] = {}
    for sample in samples:
        bound = _bound(dict(sample.labels).get("le", ""))
        buckets[bound] = buckets.get(bound, 0.0) + sample.value
    return buckets


def _bound(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _histograms(page: Page, at: datetime, server: str) -> Iterator[Found]:
    for name in sorted(page.types):
        if page.types[name] != "histogram" or any(one.take == "quantile" for one in known_as(name)):
            continue
        groups: dict[Labels, list[Sample]] = {}
        for sample in page.samples.get(name + "_bucket", []):
            groups.setdefault(tuple(pair for pair in sample.labels if pair[0] != "le"), []).append(sample)
        for labels, samples in groups.items():
            selector = {"series": name, "labels": dict(labels), "take": "quantile", "q": Q}
            yield _found(selector, quantile_of(_buckets(samples), Q), at, None, server)


def _singles(page: Page, at: datetime, server: str) -> Iterator[Found]:
    for name in sorted(page.samples):
        kind = page.type_of(name)
        if kind == "histogram" or name.endswith("_created") or (known_as(name) and kind != "summary"):
            continue
        for sample in page.samples[name]:
            yield _counter(page, sample, at, server) if _is_counter(page, sample) else _gauge(sample, at, server)


def _is_counter(page: Page, sample: Sample) -> bool:
    if page.type_of(sample.name) == "summary":
        return sample.name.endswith(("_count", "_sum"))
    return page.type_of(sample.name) == "counter" or sample.name.endswith("_total")


def _gauge(sample: Sample, at: datetime, server: str) -> Found:
    selector = {"series": sample.name, "labels": dict(sample.labels), "take": "value"}
    return _found(selector, sample.value, sample.at or at, None, server)


def _counter(page: Page, sample: Sample, at: datetime, server: str) -> Found:
    """Sums are taken as an average, errors as a share of all, where those are counted beside them; else as a rate."""
    selector = {"series": sample.name, "labels": dict(sample.labels)}
    if over := _all_of(page, sample):
        selector |= {"take": "ratio", "over": {"series": over.name, "labels": dict(over.labels)}}
        return _found(selector, sample.value / over.value if over.value else None, at, None, server)
    return _found(selector | {"take": "rate"}, _per_second(page, [sample], at), at, None, server)


def _all_of(page: Page, sample: Sample) -> Sample | None:
    """Return the counter of all of which this one counts a part, by its name and labels, if there is one."""
    own = set(sample.labels)
    fitting = [one for name in _wholes(sample.name) if name != sample.name for one in page.samples.get(name, [])]
    return next((one for one in fitting if set(one.labels) <= own), None)


def _wholes(name: str) -> list[str]:
    """Return what the counter of all might be called of which this one counts a part."""
    if name.endswith("_sum"):
        return [name.removesuffix("_sum") + "_count"]
    if not ERRORS.search(name):
        return []
    words = r"errors?|failures?|failed|exceptions?"
    swapped = [re.sub(words, word, name) for word in ("request", "requests", "success")]
    return [*swapped, re.sub(rf"_?(?:{words})", "", name)]


def _found(
    selector: dict, last: float | None, at: datetime, known: Known | None, server: str, *, is_likely: bool | None = None
) -> Found:
    name, labels, take = selector["series"], selector["labels"], selector["take"]
    selector = selector if labels else {key: value for key, value in selector.items() if key != "labels"}
    suggested = _suggested(name, labels, take, known)
    if is_likely is None:
        is_work = take in ("quantile", "ratio") and not server and not OWN.fullmatch(name) and not _is_own_door(labels)
        is_likely = is_work or suggested.kind == "quality"
    return Found(selector, _finite(last), at, suggested, is_likely, server)


def _suggested(name: str, labels: dict[str, str], take: str, known: Known | None) -> Suggested:
    quality = guessing.quality_of(name) if take == "value" and known is None else ""
    if quality:
        _, unit, scale, direction, means = guessing.QUALITY[quality]
        return Suggested(_key(name, labels, ""), _words(name, labels, take), unit, "quality", scale, direction, means)
    unit = _unit_of(name, take, known)
    is_good = bool(known and known.good)
    if known and known.good:
        labels = {label: value for label, value in labels.items() if label != known.good[0]}
    is_mean = take == "ratio" and unit in guessing.UNITS.values()
    ending = "ok_share" if is_good else "mean" if is_mean or name.endswith("_sum") else ENDINGS.get(take, "")
    return Suggested(
        key=_key(name, labels, ending),
        name=_called(known.name, labels) if known else _words(name, labels, take),
        unit=unit,
        scale="rate" if unit == "share" else "real" if take == "value" else "positive",
        direction="higher" if is_good else known.direction if known and known.direction else _direction(name, take),
        means=known.means if known else "",
    )


def _unit_of(name: str, take: str, known: Known | None) -> str:
    if known and known.unit:
        return known.unit
    return "share" if take == "ratio" and not name.endswith("_sum") else _unit(name, take)


def _is_own_door(labels: dict[str, str]) -> bool:
    """Whether these series count how the server itself is watched."""
    return any(OWN_DOORS.fullmatch(labels[name]) for name in ("endpoint", "path", "handler") if name in labels)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _key(name: str, labels: dict[str, str], ending: str) -> str:
    said = [value for value in labels.values() if value not in NOBODY]
    words = [name.removesuffix("_total").removesuffix("_sum"), *said, ending]
    return guessing.key_of(*words, longest=LONGEST_KEY)


def _called(name: str, labels: dict[str, str]) -> str:
    said = list(dict.fromkeys(value for value in labels.values() if value not in NOBODY))
    return f"{name}{' of ' if said else ''}{', '.join(said)}"[:120]


def _words(name: str, labels: dict[str, str], take: str) -> str:
    words = name.removesuffix("_total").replace("_", " ").replace(":", " ").strip()
    told = {"quantile": " (p95)", "rate": " per second", "ratio": " (share)"}.get(take, "")
    if name.endswith("_sum") and take == "ratio":
        words, told = words.removesuffix(" sum"), " (average)"
    return _called(f"{words[:1].upper()}{words[1:]}{told}", labels)


def _unit(name: str, take: str) -> str:
    unit = guessing.unit_of(name.removesuffix("_total").removesuffix("_sum"))
    return f"{unit}/s" if take == "rate" and unit else "1/s" if take == "rate" else unit


def _direction(name: str, take: str) -> str:
    if take == "rate" and not ERRORS.search(name):
        return "higher"
    return "lower" if take in ("quantile", "ratio") or guessing.is_better_low(name) else "higher"
