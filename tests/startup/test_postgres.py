"""The launcher of the embedded database, with real servers."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from mlops_portal.startup import postgres
from mlops_portal.startup.embedded import ROOT, embedded_database, socket_folder


@pytest.fixture
def running(tmp_path):
    child = postgres.start(tmp_path / "data", durable=False)
    yield child
    child.end(within_s=10)


def _ask(child, statement):
    with psycopg.connect(**postgres.parameters_of(child.folder), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone() if cursor.description else None


def _eventually(is_so, within_s=10.0):
    deadline = time.monotonic() + within_s
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.05)
    return is_so()


def test_committed_rows_outlive_a_kill(tmp_path):
    killed = postgres.start(tmp_path)
    _ask(killed, "CREATE TABLE kept AS SELECT 7 AS n")
    killed.kill()
    again = postgres.start(tmp_path)
    assert _ask(again, "SELECT n FROM kept") == (7,)
    again.end(within_s=10)


def test_nothing_listens_on_the_network(running):
    assert _ask(running, "SELECT current_setting('listen_addresses')") == ("",)


def test_folders_are_private(running):
    for folder in (running.folder, socket_folder(running.folder), postgres.cluster(running.folder)):
        assert folder.stat().st_mode & 0o077 == 0


def test_text_is_utf8_and_sorted_by_code_point(running):
    assert _ask(running, "SELECT getdatabaseencoding(), lower('Ä'), 'Z' < 'a'") == ("UTF8", "ä", True)


def test_pid_file_that_names_a_living_stranger_is_no_obstacle(running):
    running.end(within_s=10)
    (postgres.cluster(running.folder) / "postmaster.pid").write_text(f"{os.getpid()}\n")
    again = postgres.start(running.folder, durable=False)
    assert again.is_running()
    again.end(within_s=10)


def test_half_made_cluster_is_made_again(tmp_path):
    (tmp_path / "postgres.new" / "base").mkdir(parents=True)
    postgres.prepare(tmp_path)
    assert (tmp_path / "postgres" / "PG_VERSION").read_text().strip() == "18"
    assert not (tmp_path / "postgres.new").exists()


def test_server_that_stands_still_does_not_answer_and_does_not_hold_up(running):
    os.kill(running.process.pid, signal.SIGSTOP)
    started = time.monotonic()
    with ThreadPoolExecutor() as apart:  # a browser's test may have left an event loop in this thread
        assert not apart.submit(postgres.answers, postgres.parameters_of(running.folder), within_s=1).result()
    assert time.monotonic() - started < 5
    running.kill()
    assert not running.is_anything_left()


def test_backend_that_stands_still_is_ended_with_its_server(running):
    with psycopg.connect(**postgres.parameters_of(running.folder)) as connection:
        os.kill(connection.info.backend_pid, signal.SIGSTOP)
        running.kill()
        assert _eventually(lambda: not running.is_anything_left())


def test_server_ends_with_the_process_that_started_it(tmp_path):
    program = (
        "import sys, time; from pathlib import Path; from mlops_portal.startup import postgres;"
        "postgres.start(Path(sys.argv[1]), durable=False); print('up', flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout.readline() == "up\n"
    starter.kill()
    starter.communicate()
    assert _eventually(lambda: not postgres.server(tmp_path).is_anything_left())
    assert not (tmp_path / "postgres" / "postmaster.pid").exists()  # it was ended, not cut off


def test_long_path_gets_a_short_private_socket_folder(tmp_path):
    data_dir = tmp_path / ("long" * 20) / "with, a comma"
    child = postgres.start(data_dir, durable=False)
    folder = socket_folder(data_dir)
    assert len(str(folder)) < 80
    assert folder.stat().st_mode & 0o077 == 0
    assert _ask(child, "SELECT 1") == (1,)
    child.end(within_s=10)
    folder.rmdir()


def test_socket_folder_open_to_others_is_refused(tmp_path):
    (tmp_path / "run").mkdir(mode=0o755)
    with pytest.raises(postgres.DatabaseNotStarted, match="belong to you alone"):
        postgres.prepare(tmp_path)


def test_settings_find_the_socket_that_the_launcher_opens(tmp_path):
    assert embedded_database(tmp_path)["HOST"] == str(socket_folder(tmp_path))
