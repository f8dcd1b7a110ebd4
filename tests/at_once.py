"""Many who do something at the same moment, each in a thread with a database connection of its own."""

import threading
from collections.abc import Callable, Iterable

from django.db import connection


def at_once(act: Callable, each: Iterable, *, refusals: tuple[type[Exception], ...]) -> tuple[list, list[Exception]]:
    """Call `act(one)` for each at once; return what was answered, and the refusals."""
    everybody = list(each)
    start, done, refused = threading.Barrier(len(everybody)), [], []

    def go(one):
        start.wait()
        try:
            done.append(act(one))
        except refusals as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=[one]) for one in everybody]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done, refused
