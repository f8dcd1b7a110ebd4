from mlops_portal.startup.embedded import ROOT
from mlops_portal.startup.test_runner import PytestRunner


def test_everything_is_run_in_two_processes_wherever_the_caller_stands(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    arguments = PytestRunner().arguments([])
    assert arguments[-1] == str(ROOT / "tests")
    assert arguments[arguments.index("-n") + 1] == "2"


def test_flags_of_pytest_are_honoured():
    arguments = PytestRunner(verbosity=2, failfast=True, keyword="lock", processes=0).arguments([])
    assert arguments[arguments.index("-k") + 1] == "lock"
    assert {"-v", "-x"} <= set(arguments)
    assert "-n" not in arguments


def test_label_is_found_from_the_root_too(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    label = "tests/startup/test_test_runner.py::test_flags_of_pytest_are_honoured"
    assert PytestRunner().arguments([label])[-1] == str(ROOT / label)
