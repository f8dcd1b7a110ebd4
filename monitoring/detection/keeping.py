"""Which states to keep, so that a late point is judged again from not far before it, in bounded room."""

BASE = 4
EACH = 2


def kept(count: int) -> set[int]:
    """Return after which points, of 1 … `count`, the state is kept: the last two, and two of each power of four.

    About 2 log4(count) of them; those kept after one point more are these, or that point.
    """
    chosen: set[int] = set()
    power = 1
    while power <= count:
        newest = count - count % power
        chosen.update(index for index in (newest, newest - power) if index > 0)
        power *= BASE
    return chosen
