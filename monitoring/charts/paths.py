"""Points to the text of an SVG path."""

from collections.abc import Iterable, Iterator

Spot = tuple[float, float]


def runs(spots: Iterable[Spot | None]) -> Iterator[list[Spot]]:
    """Return the stretches between gaps; a gap is a None."""
    run: list[Spot] = []
    for spot in spots:
        if spot is not None:
            run.append(spot)
        elif run:
            yield run
            run = []
    if run:
        yield run


def line_path(spots: Iterable[Spot | None]) -> str:
    """Return the `d` of a line that breaks at each None; a spot alone between gaps is drawn as a dot."""
    return "".join(_stretch(run) for run in runs(spots))


def _stretch(run: list[Spot]) -> str:
    if len(run) == 1:
        return f"M{run[0][0]:.1f} {run[0][1]:.1f}h.01"
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in run)


def area_path(upper: list[Spot], lower: list[Spot]) -> str:
    """Return the `d` of the closed area between two lines."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in [*upper, *reversed(lower)]) + "Z"
