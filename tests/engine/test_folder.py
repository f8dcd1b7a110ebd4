from queue import Empty

import pytest
from kombu import Connection
from kombu.exceptions import ChannelError

from mlops_portal.engine import folder


@pytest.fixture
def place(tmp_path):
    (tmp_path / "messages").mkdir()
    return tmp_path / "messages"


@pytest.fixture
def channel(place):
    options = {"data_folder_in": str(place), "data_folder_out": str(place), "control_folder": str(place / "control")}
    with Connection("folder://localhost//", transport_options=options) as connection:
        yield connection.channel()


def test_a_message_comes_out_as_it_went_in_and_once(channel):
    channel._put("work", {"task": "check"})
    assert channel._get("work") == {"task": "check"}
    with pytest.raises(Empty):
        channel._get("work")


def test_a_message_is_not_seen_before_it_is_whole(channel, monkeypatch):
    monkeypatch.setattr(folder.os, "replace", lambda draft, place: None)
    channel._put("work", {"task": "check"})
    with pytest.raises(Empty):
        channel._get("work")


@pytest.mark.fault("F34")
def test_a_message_that_was_left_half_written_is_passed_over(channel, place):
    (place / "1_half.work.msg").touch()
    with pytest.raises(Empty):
        channel._get("work")
    assert not list(place.glob("*.msg"))


def test_a_folder_that_is_gone_is_an_error_of_the_channel(channel, place):
    place.rename(place.with_name("gone"))
    with pytest.raises(ChannelError):
        channel._put("work", {"task": "check"})
