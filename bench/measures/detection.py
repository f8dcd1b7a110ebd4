"""The portal's detection beside the reference detectors, on labelled series: generated ones, or those of files."""

from collections.abc import Iterator
from pathlib import Path

from django.core.management.base import CommandError

from bench.detection.files import labelled
from bench.detection.series import generated
from bench.detection.table import lines

NEEDS_DATABASE = False
SEEDS = (9001, 9002)  # nothing was tuned on these
OF_EACH = 150


def figures(data: str | None = None, labels: str | None = None) -> Iterator[str]:
    """Yield the lines of the table. `data` is a folder of series and `labels` the file that tells of them.

    Raises CommandError where one of their files cannot be read.
    """
    if data and labels:
        try:
            return lines(labelled(Path(data), Path(labels)))
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from error
    return lines([one for seed in SEEDS for one in generated(seed, OF_EACH)])
