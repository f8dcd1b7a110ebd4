"""Prediction logs are regular files below the operator's folders, and nothing else is opened (RELIABILITY S10)."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitoring.predictions.files import LogFile, Refused, TooLarge, find_files, open_file
from tests.protections import protects

FILES = "monitoring.predictions.files."
ANY_KIND = {FILES + "_is_plain": lambda status: True}
ANYWHERE = {FILES + "_is_really_below": lambda descriptor, root: True}
LINKS = {
    FILES + "_stat": lambda root, path: os.stat(path, dir_fd=root),
    FILES + "_open_regular": lambda folder, last, name, root: os.open(last, os.O_RDONLY, dir_fd=folder),
}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "secret.csv").write_text("secret")
    (tmp_path / "logs/a").mkdir(parents=True)
    (tmp_path / "logs/a/day.csv").write_text("plain")
    return tmp_path / "logs"


def find(root, name):
    return find_files([root], name, endings=[".csv"])


def read(root, name) -> bytes:
    (file,) = find(root, name)
    with open_file(file) as opened:
        return opened.read()


def touch(root, name):
    (file,) = find(root, name)
    open_file(file).close()


@pytest.mark.parametrize("name", ["a/day.csv", "a", "a/*.csv", "*/d?y.csv"])
def test_a_plain_file_is_found_and_read(root, name):
    assert read(root, name) == b"plain"


@protects("S10", off={FILES + "refuse_unfit": lambda name: None})
@pytest.mark.parametrize("name", ["../secret.csv", "a/../../secret.csv", "..", "./a", "/etc/passwd", "**/day.csv"])
def test_a_name_does_not_lead_out(root, name):
    with pytest.raises(Refused):
        find(root, name)


@protects("S10", off=ANYWHERE)
def test_what_was_opened_is_asked_where_it_lies(root):
    outside = LogFile(root, "../secret.csv", 6, datetime.now(UTC))
    with pytest.raises(Refused), open_file(outside):
        pass


@protects("S10", off=LINKS)
@pytest.mark.parametrize("leads_to", ["../../secret.csv", "day.csv"])
def test_no_link_is_followed_wherever_it_leads(root, leads_to):
    (root / "a/link.csv").symlink_to(leads_to)
    with pytest.raises(Refused):
        read(root, "a/link.csv")


@protects("S10", off=LINKS)
def test_a_file_that_was_swapped_for_a_link_meanwhile_is_not_opened(root):
    (file,) = find(root, "a/day.csv")
    (root / "a/day.csv").unlink()
    (root / "a/day.csv").symlink_to("../../secret.csv")
    with pytest.raises(Refused), open_file(file):
        pass


def test_a_folder_that_was_swapped_for_a_link_meanwhile_is_not_entered(root, tmp_path):
    (file,) = find(root, "a/day.csv")
    (root / "a").rename(tmp_path / "b")
    (root / "a").symlink_to(tmp_path / "b")
    with pytest.raises(Refused), open_file(file):
        pass


@protects("S10", off=ANY_KIND)
def test_a_pipe_is_refused_and_holds_nobody_up(root):
    os.mkfifo(root / "a/pipe.csv")
    with pytest.raises(Refused):
        read(root, "a/pipe.csv")


@protects("S10", off=ANY_KIND | {FILES + "_NEVER_BELOW": ("/nowhere",)})
@pytest.mark.parametrize(
    ("place", "name"), [("/dev", "null"), ("/dev", "zero"), ("/proc", "version"), ("/sys/kernel", "fscaps")]
)
def test_the_system_s_own_trees_are_closed_even_to_the_operator(place, name):
    with pytest.raises(Refused):
        touch(Path(place), name)


@protects("S10", off={FILES + "LARGEST_FILE": 10**13})
def test_a_file_of_five_gigabytes_is_not_read(root):
    with open(root / "a/huge.csv", "wb") as file:
        file.truncate(5 * 1024**3)
    (huge,) = find(root, "a/huge.csv")
    with pytest.raises(TooLarge, match="has 5120 MB; 256 MB is the most"), open_file(huge):
        pass
