"""Running a coroutine in a loop of its own: in a thread, for in a test's own thread a browser's loop may run."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context


def run_alone(coroutine):
    """Return what the coroutine returns, run in the present context."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(copy_context().run, asyncio.run, coroutine).result()
