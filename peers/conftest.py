"""The peers, each started once; without the program or the packages for it a peer is a failure, never skipped."""

import pytest

from mlops_portal.engine.egress import Place
from peers.running import Peer, bentoml, mlserver, prometheus

pytest_plugins = ["tests.conftest"]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("peers")


def _started(make, folder):
    peer = make(folder)
    yield peer
    peer.end()


@pytest.fixture(scope="session", name="mlserver")
def _mlserver(folder):
    yield from _started(mlserver, folder)


@pytest.fixture(scope="session", name="bentoml")
def _bentoml(folder):
    yield from _started(bentoml, folder)


@pytest.fixture(scope="session", name="prometheus")
def _prometheus(folder):
    yield from _started(prometheus, folder)


@pytest.fixture
def allowed(settings):
    """Let the portal ask a peer, as `up` lets it ask the demo's server."""

    def allow(peer: Peer) -> str:
        settings.EGRESS_ALLOW_LOCAL = [Place.parse(peer.address.removeprefix("http://").partition("/")[0])]
        return peer.address

    return allow
