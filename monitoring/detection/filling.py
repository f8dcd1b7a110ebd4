"""Windows that still fill: shown, not judged yet."""

RECENT = 9


def is_filling(samples: float, *, is_final: bool, recent: list[float]) -> bool:
    """Whether a point is left for later: provisional, and of fewer than half the samples that are usual now.

    `recent` are the sample sizes of the last points that were judged. A provisional point with enough samples is
    judged, and judged again when it is revised; a final one is judged whatever its size, by its own noise.
    """
    known = sorted(size for size in recent if size > 0)
    return not is_final and samples > 0 and bool(known) and samples < known[len(known) // 2] / 2


def remembered(recent: list[float], samples: float) -> list[float]:
    """Return `recent` with one more judged point's samples."""
    return [*recent, samples][-RECENT:]
