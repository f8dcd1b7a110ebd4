"""What the world asks of the models: the same rows for the same day, whoever asks, however often."""

import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from mlops_portal.demo.services import Day, Service

WEEKEND = 0.7  # of the rows of a working day
LABELLED = 0.97  # of some, the outcome never becomes known
LABELS_COME_AT = time(1, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Requests:
    """The rows of one day, in the order in which they come: their ids, times, inputs, and what will turn out true."""

    ids: list[str]
    times: list[datetime]
    inputs: NDArray[np.float64]
    truth: NDArray
    is_labelled: NDArray[np.bool_]
    regions: NDArray[np.str_]  # empty where the service has none

    def __len__(self) -> int:
        return len(self.ids)

    def between(self, first: int, last: int) -> "Requests":
        """Return the rows from `first` to before `last`."""
        part = slice(first, last)
        known = {
            name: getattr(self, name)[part] for name in ("ids", "times", "inputs", "truth", "is_labelled", "regions")
        }
        return Requests(**known)


def requests_of(service: Service, day: date, origin: date) -> Requests:
    """Return what is asked of the service on a day: held-out rows, drawn again and again, each a little different."""
    age = (origin - day).days
    seed = [zlib.crc32(service.slug.encode()), day.toordinal()]
    rng, of_regions = np.random.default_rng(seed), np.random.default_rng([*seed, 1])
    _, experiment = service.version_at(age)
    known, truth = experiment.held_out
    is_quiet = service.is_silent(age) or age > service.since_age
    count = 0 if is_quiet else int(service.rows_a_day * (WEEKEND if day.weekday() > 4 else 1))
    drawn = rng.integers(0, len(known), count)
    inputs = known[drawn] + rng.normal(0, service.jitter, (count, known.shape[1])) * experiment.spreads
    midnight = datetime.combine(day, time(), UTC)
    seconds = np.sort(rng.integers(0, 86_400, count))
    regions = of_regions.choice(list(service.regions) or [""], count, p=list(service.regions.values()) or None)
    return Requests(
        [f"{day:%Y%m%d}-{n:04d}" for n in range(count)],
        [midnight + timedelta(seconds=int(second)) for second in seconds],
        service.story(inputs, Day(age, regions, of_regions), experiment),
        truth[drawn],
        rng.random(count) < LABELLED,
        regions,
    )


def labels_come_at(service: Service, day: date) -> datetime:
    """Return when the outcomes of a day's rows become known: on a night, days later."""
    return datetime.combine(day + service.labels_after, LABELS_COME_AT)
