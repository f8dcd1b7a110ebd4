"""Nothing in the house is ever unpickled: not a message, not a cached value, not a session (RELIABILITY S34)."""

import base64
import json
import pickle

import pytest
from celery import Celery
from django.contrib.sessions.models import Session
from django.core import signing
from django.core.cache.backends.redis import RedisCacheClient
from kombu import Connection, Producer, Queue
from kombu.exceptions import ContentDisallowed

from mlops_portal.engine.sessions import SessionStore
from tests.protections import protects

opened = []


class Bomb:
    """Leaves a trace where it is unpickled."""

    def __reduce__(self):
        return (_leave_a_trace, ())


def _leave_a_trace():
    opened.append("opened")


@pytest.fixture(autouse=True)
def _nothing_opened():
    opened.clear()


def _deliver(**how) -> None:
    """Bring a message to a consumer that takes what a worker of the portal takes. Raises what the worker would."""
    queue, app = Queue("work"), Celery(set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    with Connection("memory://") as connection:
        channel = connection.channel()
        Producer(channel).publish(routing_key="work", declare=[queue], **how)
        consumer = app.amqp.TaskConsumer(channel, [queue])
        consumer.on_decode_error = None
        consumer.register_callback(lambda body, message: message.ack())
        with consumer:
            connection.drain_events(timeout=5)


@protects("S34", off={"settings.CELERY_ACCEPT_CONTENT": ["json", "pickle"]})
def test_a_worker_refuses_a_pickled_message():
    with pytest.raises(ContentDisallowed):
        _deliver(body=pickle.dumps(Bomb()), content_type="application/x-python-serialize", content_encoding="binary")
    assert opened == []


@pytest.mark.parametrize("kind", ["application/x-yaml", "application/x-msgpack"])
def test_a_worker_refuses_whatever_else_is_not_json(kind):
    with pytest.raises(ContentDisallowed):
        _deliver(body=b"a: 1", content_type=kind, content_encoding="binary")


def test_a_worker_takes_a_message_that_is_json():
    _deliver(body=[[], {}, {}], serializer="json", headers={"id": "1", "task": "tick"})


def _unpickled(self, data):
    return pickle.loads(data)


@protects("S34", off={"mlops_portal.engine.cache.JsonSerializer.loads": _unpickled})
def test_a_pickle_in_the_shared_cache_is_no_value():
    client = RedisCacheClient(["redis://redis.portal.test/0"], serializer="mlops_portal.engine.cache.JsonSerializer")
    with pytest.raises(ValueError, match="decode"):
        client._serializer.loads(pickle.dumps(Bomb()))
    assert opened == []


class Pickling:
    def loads(self, data):
        return pickle.loads(data)

    def dumps(self, data):
        return json.dumps(data).encode()


@protects("S34", off={"settings.SESSION_SERIALIZER": "tests.guards.test_no_pickle.Pickling"})
def test_a_pickle_in_a_session_is_an_empty_session(db, settings):
    store = SessionStore()
    store.save()
    signer = signing.TimestampSigner(salt=store.key_salt)
    data = signer.sign(base64.urlsafe_b64encode(pickle.dumps(Bomb())).decode().rstrip("="))
    Session.objects.update(session_data=data)
    assert not SessionStore(store.session_key).load()
    assert opened == []
