"""What the portal runs on is known, file by file (S40)."""

import io
import json
import re

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from django.core.management import call_command

from mlops_portal.locks import pins_of
from mlops_portal.management.commands import verify
from mlops_portal.startup.embedded import ROOT
from tests.protections import protects


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """The folder to which the project's file and its locks were copied, for `verify` to look at."""
    for name in ("pyproject.toml", *verify.LOCKS):
        (tmp_path / name).write_text((ROOT / name).read_text())
    monkeypatch.setattr(verify, "ROOT", tmp_path)
    return tmp_path


def test_every_package_is_locked_by_its_hashes(copied):
    verify.locks_hold()
    assert all(pin.hashes for name in verify.LOCKS for pin in pins_of(copied / name))


@protects("S40", off={"mlops_portal.management.commands.verify._without_hashes": list})
def test_a_package_without_hashes_is_noticed(copied):
    lock = copied / "requirements.lock"
    lock.write_text(re.sub(r"(?m)^(nh3==\S+)( \\\n    --hash=\S+)+", r"\1", lock.read_text()))
    with pytest.raises(verify.Failed, match="no hash of nh3"):
        verify.locks_hold()


def bill() -> str:
    printed = io.StringIO()
    call_command("sbom", stdout=printed)
    return printed.getvalue()


def test_the_bill_of_materials_is_cyclonedx_and_always_the_same():
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill()) is None
    assert bill() == bill()


def test_the_bill_of_materials_names_what_is_locked():
    parts = {(one["name"], one["version"], len(one["hashes"])) for one in json.loads(bill())["components"]}
    assert parts == {(pin.name, pin.version, len(pin.hashes)) for pin in pins_of(ROOT / "requirements.lock")}
    assert {"django", "nh3", "psycopg-binary"} <= {name for name, _, _ in parts}
