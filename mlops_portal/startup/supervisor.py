"""Keeps the children of `up` alive: one that ends is started again, one that stands still is replaced."""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mlops_portal.startup.children import Child
from mlops_portal.startup.vitals import Vital

LOOK_EVERY_S = 0.25
GRACE_S = 30.0
LONGEST_GRACE_S = 240.0
LONGEST_PAUSE_S = 30.0
WELL_AFTER_S = 60.0
LOOK_AT_LOGS_EVERY_S = 10.0
CLOCKS_MAY_DIFFER_S = 5.0


@dataclass
class Kept:
    """A child that must run, with the pause before its next start; the pause doubles while it keeps ending.

    So does the grace that it has after a start, while it stands still: on a machine that is too busy to start it in
    time, replacing it again and again would never end.
    """

    child: Child
    grace_s: float
    pause_s: float = 1.0
    start_at: float | None = None

    def plan_start(self, now: float) -> None:
        if self.child.age_s() > WELL_AFTER_S:
            self.pause_s = 1.0
        self.start_at = now + self.pause_s
        self.pause_s = min(self.pause_s * 2, LONGEST_PAUSE_S)


@dataclass
class Supervisor:
    """Starts and replaces children from the thread that calls `keep`; questions about them are asked in others."""

    say: Callable[[str], None]
    stop: threading.Event
    grace_s: float = GRACE_S
    kept: dict[str, Kept] = field(default_factory=dict)
    findings: queue.SimpleQueue = field(default_factory=queue.SimpleQueue)
    unanswering: set[str] = field(default_factory=set)
    trusted_from: float = 0.0

    def start(self, child: Child) -> None:
        """Start the child now and keep it running from here on."""
        self.kept[child.name] = Kept(child, self.grace_s)
        if not child.is_running():
            child.start()

    def watch(self, vital: Vital) -> None:
        """Ask this question from now on; a failure that is about a child has the child replaced."""
        arguments = (self.stop, lambda *finding: self.findings.put(finding))
        threading.Thread(target=vital.watch, args=arguments, name=f"vital {vital.about}", daemon=True).start()

    def keep(self) -> None:
        """Look after the children until `stop` is set."""
        logs_at = 0.0
        clocks = _Clocks()
        while not self.stop.wait(LOOK_EVERY_S):
            now = time.monotonic()
            if clocks.have_parted():
                self.trusted_from = now + self.grace_s  # the machine slept: nobody stood still, nobody ran
            for kept in self.kept.values():
                self._look_after(kept, now)
            while not self.findings.empty():
                self._act(*self.findings.get())
            if now > logs_at:
                logs_at = now + LOOK_AT_LOGS_EVERY_S
                for kept in self.kept.values():
                    kept.child.bound_log()

    def _look_after(self, kept: Kept, now: float) -> None:
        child = kept.child
        if kept.start_at is None and not child.is_running():
            self.say(f"{child.name} ended ({_in_words(child.exit_code())}), starting it again")
            child.kill()  # what its main process left behind
            kept.plan_start(now)
        elif kept.start_at is not None and now >= kept.start_at:
            kept.start_at = None
            try:
                child.start()
            except OSError as error:
                self.say(f"{child.name} cannot be started: {error}")
                kept.plan_start(now)

    def _act(self, about: str, is_well: bool) -> None:
        kept = self.kept.get(about)
        if kept is None:
            self._say_once(about, is_well)
        elif is_well:
            kept.grace_s = self.grace_s
        elif kept.start_at is None and self._may_be_judged(kept):
            self.say(f"{about} stands still, replacing it")
            kept.child.kill()
            kept.grace_s = min(kept.grace_s * 2, LONGEST_GRACE_S)
            kept.plan_start(time.monotonic())

    def _say_once(self, about: str, is_well: bool) -> None:
        if is_well and about in self.unanswering:
            self.unanswering.remove(about)
            self.say(f"{about} answers again")
        elif not is_well and about not in self.unanswering:
            self.unanswering.add(about)
            self.say(f"{about} does not answer, waiting for it")

    def _may_be_judged(self, kept: Kept) -> bool:
        is_old_enough = kept.child.is_running() and kept.child.age_s() >= kept.grace_s
        return is_old_enough and time.monotonic() >= self.trusted_from


class _Clocks:
    """Tells a machine that slept: the clock on the wall went on, the other did not."""

    def __init__(self) -> None:
        self.difference = time.time() - time.monotonic()

    def have_parted(self) -> bool:
        before, self.difference = self.difference, time.time() - time.monotonic()
        return abs(self.difference - before) > CLOCKS_MAY_DIFFER_S


def end_all(children: list[Child], within_s: float, hurry: threading.Event) -> None:
    """Ask all to end at once, and kill what is left after `within_s` seconds, or as soon as `hurry` is set."""
    for child in children:
        child.ask_to_end()
    deadline = time.monotonic() + within_s
    while any(child.is_running() for child in children) and time.monotonic() < deadline and not hurry.is_set():
        time.sleep(0.05)
    for child in children:
        child.kill()


def _in_words(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"signal {-exit_code}"
    return f"code {exit_code}"
