"""Keeping children alive, with little programs in place of the real ones."""

import os
import signal
import sys
import threading
import time

import pytest

from mlops_portal.startup.children import LARGEST_LOG, Child
from mlops_portal.startup.supervisor import Supervisor, end_all
from mlops_portal.startup.vitals import Vital

BEATS = (
    "import pathlib, sys, time\nwhile True: pathlib.Path(sys.argv[1]).write_text(str(time.time())); time.sleep(0.05)"
)
SLEEPS = "import time; print('here', flush=True); time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
LEAVES_ONE = (
    "import os, time\nif os.fork() == 0: os.setsid(); print('here', flush=True); time.sleep(60)\nelse: time.sleep(60)\n"
)


def _child(tmp_path, program, *arguments, name="child"):
    return Child(name, [sys.executable, "-c", program, *arguments], tmp_path)


def _eventually(is_so, within_s=10.0):
    deadline = time.monotonic() + within_s
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


def _started(child):
    child.start()
    assert _eventually(lambda: "here" in child.last_words())
    return child


@pytest.fixture
def supervisor(tmp_path):
    said = []
    supervisor = Supervisor(said.append, threading.Event(), grace_s=0)
    supervisor.said = said
    keeping = threading.Thread(target=supervisor.keep)
    supervisor.keep_on = keeping.start
    yield supervisor
    supervisor.stop.set()
    if keeping.ident:
        keeping.join()
    end_all([kept.child for kept in supervisor.kept.values()], 0, threading.Event())


def test_child_that_ends_is_started_again(supervisor, tmp_path):
    child = _child(tmp_path, SLEEPS)
    supervisor.start(child)
    first = child.process.pid
    supervisor.keep_on()
    os.kill(first, signal.SIGKILL)
    assert _eventually(lambda: child.is_running() and child.process.pid != first)
    assert supervisor.said == ["child ended (signal 9), starting it again"]


def test_pauses_grow_while_a_child_keeps_ending(supervisor, tmp_path):
    supervisor.start(_child(tmp_path, "raise SystemExit(3)"))
    kept = supervisor.kept["child"]
    pauses = []
    for _ in range(7):
        kept.plan_start(0)
        pauses.append(kept.start_at)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]


def test_child_that_stands_still_is_replaced(supervisor, tmp_path):
    supervisor.grace_s = 2
    beat = tmp_path / "beat"
    child = _child(tmp_path, BEATS, str(beat))
    supervisor.start(child)
    assert _eventually(beat.exists)
    supervisor.watch(Vital("child", lambda: time.time() - beat.stat().st_mtime < 1, every_s=0.1))
    supervisor.keep_on()
    first = child.process.pid
    os.kill(first, signal.SIGSTOP)
    assert _eventually(lambda: child.is_running() and child.process.pid != first)
    assert supervisor.said == ["child stands still, replacing it"]


def test_fresh_child_is_given_time(supervisor, tmp_path):
    supervisor.grace_s = 60
    child = _child(tmp_path, SLEEPS)
    supervisor.start(child)
    supervisor.findings.put(("child", False))
    supervisor.keep_on()
    assert _eventually(supervisor.findings.empty)
    assert supervisor.said == []


def test_hanging_question_hides_no_dead_child(supervisor, tmp_path):
    child = _child(tmp_path, SLEEPS)
    supervisor.start(child)
    supervisor.watch(Vital("the database", lambda: supervisor.stop.wait(60), every_s=0.01))
    supervisor.keep_on()
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    assert _eventually(lambda: child.is_running() and child.process.pid != first)


def test_server_that_is_no_child_is_waited_for_with_one_line(supervisor):
    answers = iter([False, False, False, True])
    supervisor.watch(Vital("the database", lambda: next(answers, True), every_s=0.01, misses=1))
    supervisor.keep_on()
    assert _eventually(lambda: len(supervisor.said) == 2)
    assert supervisor.said == ["the database does not answer, waiting for it", "the database answers again"]


def test_question_that_fails_is_an_answer_that_did_not_come():
    found = []
    stop = threading.Event()

    def report(*finding):
        found.append(finding)
        stop.set()

    Vital("web", lambda: 1 / 0, every_s=0.01).watch(stop, report)
    assert found == [("web", False)]


def test_all_are_asked_to_end_and_the_deaf_are_killed(tmp_path):
    willing = _started(_child(tmp_path, SLEEPS, name="willing"))
    deaf = _started(_child(tmp_path, DEAF, name="deaf"))
    end_all([willing, deaf], 0.5, threading.Event())
    assert (willing.exit_code(), deaf.exit_code()) == (-signal.SIGTERM, -signal.SIGKILL)


def test_second_signal_cuts_the_waiting_short(tmp_path):
    deaf = _started(_child(tmp_path, DEAF))
    hurry = threading.Event()
    hurry.set()
    started = time.monotonic()
    end_all([deaf], 30, hurry)
    assert time.monotonic() - started < 10


def test_nothing_of_a_child_is_left_even_in_another_session(tmp_path):
    child = _started(_child(tmp_path, LEAVES_ONE))
    child.kill()
    assert _eventually(lambda: not child.is_anything_left())


def test_remains_of_an_earlier_run_are_ended_before_a_start(tmp_path):
    orphaned = _started(_child(tmp_path, LEAVES_ONE))
    os.kill(orphaned.process.pid, signal.SIGKILL)
    orphaned.process.wait()
    assert orphaned.is_anything_left()
    successor = _child(tmp_path, SLEEPS)
    successor.start()
    assert successor.is_running()
    successor.kill()
    assert _eventually(lambda: not successor.is_anything_left())


def test_log_is_bounded_and_keeps_what_was_before(tmp_path):
    child = _started(_child(tmp_path, SLEEPS))
    with open(child.log, "a") as log:
        log.truncate(LARGEST_LOG + 1)
    child.bound_log()
    assert child.log.stat().st_size == 0
    assert child.log.with_suffix(".log.1").stat().st_size == LARGEST_LOG + 1
    child.kill()
