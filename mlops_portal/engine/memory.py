"""How a process that works or answers looks for garbage: seldom, since what it makes dies by itself."""

import gc

LOOKS_AFTER = 100_000  # new things; a round of pulls makes that many, and none of them refer to each other in a circle


def collect_seldom() -> None:
    """Leave what is there now, modules above all, out of the search for circles, and search seldom.

    Searching was two thirds of the CPU of reading many metrics pages, and half that of taking pushed points.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(LOOKS_AFTER, 20, 20)
