"""The connector `prediction_log`: which files it reads, and what it makes of them."""

import os
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from pyarrow import parquet

from mlops_portal.engine import fetching
from monitoring.connectors import connector_of
from monitoring.connectors.connector import BadSettings, Failed, Limits, Wanted

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
SETTINGS = {
    "predictions": "shop/predictions",
    "columns": {"id": "id", "at": "at", "prediction": "said", "score": "score", "label": "was", "version": "v"},
    "task": "binary",
    "label_delay_s": 86_400,
}
HEAD = "id,at,said,score,was,v\n"


@pytest.fixture
def root(settings, tmp_path):
    settings.LOG_ROOTS = [tmp_path / "logs"]
    (tmp_path / "logs/shop/predictions").mkdir(parents=True)
    return tmp_path / "logs/shop"


def day_file(root, day, rows, head=HEAD, changed_at=None):
    path = root / f"predictions/2026-03-{day:02d}.csv"
    path.write_text(head + rows)
    at = (changed_at or datetime(2026, 3, day, 23, tzinfo=UTC)).timestamp()
    os.utime(path, (at, at))
    return path


def row(n, day, said, was="", score="0.5", hour=6):
    return f"{n},2026-03-{day:02d}T{hour:02d}:00:00Z,{said},{score},{was},v1\n"


def pull(*selectors, since=None, at=NOON, **changes):
    wanted = [Wanted(n, {"metric": one} if isinstance(one, str) else one) for n, one in enumerate(selectors)]
    pulling = connector_of("prediction_log").pull(
        SETTINGS | changes, {}, wanted, since=since, at=at, limits=Limits(deadline_s=10)
    )
    return fetching.run(pulling)


def days(readings):
    return [(reading.at.day, reading.value, reading.samples, reading.is_final) for reading in readings]


def test_a_day_is_final_when_its_labels_have_had_their_time(root):
    day_file(root, 8, row(1, 8, 1, 1) + row(2, 8, 1, 0))
    day_file(root, 9, row(3, 9, 1, 1) + row(4, 9, 1))
    day_file(root, 10, row(5, 10, 0, 0))
    assert days(pull("accuracy").readings[0]) == [(8, 0.5, 2, True), (9, 1.0, 1, False), (10, 1.0, 1, False)]


def test_only_days_that_were_not_final_are_computed_again(root):
    for day in (6, 7, 8, 9):
        day_file(root, day, row(day, day, 1, 1))
    readings = pull("accuracy", since=datetime(2026, 3, 9, 12, tzinfo=UTC)).readings[0]
    assert [reading.at.day for reading in readings] == [8, 9]


def test_files_wholly_older_are_not_opened(root):
    day_file(root, 2, "\0 never parsed")
    day_file(root, 9, row(9, 9, 1, 1))
    assert len(pull("accuracy", since=datetime(2026, 3, 9, 12, tzinfo=UTC)).readings[0]) == 1


def test_labels_that_come_later_are_joined_by_id_and_the_last_one_holds(root):
    day_file(root, 8, row(1, 8, 1) + row(2, 8, 0))
    (root / "labels").mkdir()
    (root / "labels/2026-03-09.csv").write_text("id,was\n1,0\n")
    (root / "labels/2026-03-10.csv").write_text("id,was\n2,0\n1,1\n")
    assert days(pull("accuracy", labels="shop/labels").readings[0]) == [(8, 1.0, 2, True)]


def test_an_unfinished_last_line_is_left_for_the_next_pull(root):
    day_file(root, 9, row(1, 9, 1, 1) + "2,2026-03-09T07:0")
    pulled = pull("rows")
    assert days(pulled.readings[0]) == [(9, 1.0, 1, False)]
    assert "still being written" in pulled.note


def test_a_shrunk_file_is_read_anew(root):
    day_file(root, 9, row(1, 9, 1, 1) + row(2, 9, 1, 0))
    pull("rows")
    day_file(root, 9, row(1, 9, 1, 1))
    assert days(pull("rows", since=NOON - timedelta(hours=1)).readings[0]) == [(9, 1.0, 1, False)]


def test_a_renamed_column_is_named_with_what_is_there(root):
    day_file(root, 9, row(1, 9, 1, 1), head=HEAD.replace("said", "answer"))
    with pytest.raises(Failed, match=r"no column 'said'; it has id, at, answer, score") as failed:
        pull("accuracy")
    assert failed.value.outcome == "missing_metric"


def test_what_does_not_need_the_lost_column_is_still_read(root):
    day_file(root, 9, row(1, 9, 1, 1), head=HEAD.replace("said", "answer"))
    pulled = pull("accuracy", "rows")
    assert (list(pulled.missing), days(pulled.readings[1])) == ([0], [(9, 1.0, 1, False)])


def test_the_share_of_empty_fields(root):
    day_file(root, 9, row(1, 9, 1, score="") + row(2, 9, 1))
    assert days(pull("missing:score").readings[0]) == [(9, 0.5, 2, False)]


def test_a_known_feature_that_is_gone_is_missing_everywhere(root):
    day_file(root, 9, row(1, 9, 1))
    columns = SETTINGS["columns"] | {"features": ["age"]}
    assert days(pull("missing:age", columns=columns).readings[0]) == [(9, 1.0, 1, False)]


def test_a_segment_counts_its_own_rows(root):
    day_file(root, 9, row(1, 9, 1, 1) + row(2, 9, 1, 0).replace("v1", "v2"))
    columns = SETTINGS["columns"] | {"segments": ["v"]}
    pulled = pull({"metric": "accuracy", "segment": "v=v2"}, columns=columns)
    assert days(pulled.readings[0]) == [(9, 0.0, 1, False)]


def test_the_newest_version_of_the_window_is_named(root):
    day_file(root, 9, row(2, 9, 1, 1, hour=9).replace("v1", "v2") + row(1, 9, 1, 1, hour=5))
    assert pull("accuracy").readings[0][0].version == "v2"


def test_one_class_only_is_no_value(root):
    day_file(root, 9, row(1, 9, 1, 1, "0.9") + row(2, 9, 1, 1, "0.8"))
    assert pull("roc_auc").readings[0] == []


@pytest.mark.parametrize("text", ["1", "1.0", " 1"])
def test_a_class_written_otherwise_is_the_same_class(root, text):
    day_file(root, 9, row(1, 9, text, 1))
    assert days(pull("recall").readings[0]) == [(9, 1.0, 1, False)]


def test_parquet_says_the_same_as_csv(root):
    at = [datetime(2026, 3, 9, hour) for hour in (1, 2)]
    table = pa.table({"id": [1, 2], "at": at, "said": [1, 0], "score": [0.5, float("nan")], "was": [1.0, None]})
    parquet.write_table(table, root / "predictions/one.parquet")
    pulled = pull("accuracy", "missing:score", format="parquet")
    assert (days(pulled.readings[0]), days(pulled.readings[1])) == ([(9, 1.0, 1, False)], [(9, 0.5, 2, False)])


def test_rows_with_too_few_columns_are_left_out_and_counted(root):
    day_file(root, 9, row(1, 9, 1, 1) + "2,2026-03-09T07:00:00Z\n")
    assert "1 rows do not have the columns" in pull("rows").note


@pytest.mark.parametrize("bad", [b"\xff\xfe\n\xff\n", HEAD.encode() + b"\xff,2026-03-09,1,0,1,v"])
def test_what_is_no_csv_is_a_failure_with_its_name(root, bad):
    (root / "predictions/2026-03-09.csv").write_bytes(bad + b"\n")
    with pytest.raises(Failed, match=r"2026-03-09.csv"):
        pull("rows")


@pytest.mark.parametrize("name", ["../secret.csv", "/etc/passwd", "a/./b", "a//b", "", "a\0b", "shop/../../x", "**/x"])
def test_names_that_lead_elsewhere_are_refused(root, name):
    with pytest.raises(BadSettings):
        connector_of("prediction_log").checked(SETTINGS | {"predictions": name})


def test_links_are_refused_wherever_they_lead(root, tmp_path):
    (tmp_path / "secret.csv").write_text(HEAD + row(1, 9, 1))
    (root / "predictions/2026-03-09.csv").symlink_to(tmp_path / "secret.csv")
    (root / "other").symlink_to(tmp_path)
    for name in (
        "shop/predictions",
        "shop/predictions/2026-03-09.csv",
        "shop/other",
        "shop/other/secret.csv",
        "shop/o*",
    ):
        assert _outcome(name) == "refused"


def test_pipes_and_devices_are_refused(root):
    os.mkfifo(root / "pipe.csv")
    assert _outcome("shop/pipe.csv") == "refused"


@pytest.mark.parametrize(("place", "name"), [("/proc", "version"), ("/dev", "zero"), ("/proc/self", "environ")])
def test_not_even_the_operator_can_open_the_system_s_own_trees(settings, place, name):
    settings.LOG_ROOTS = [place]
    assert _outcome(name) == "refused"


def test_a_file_of_five_gigabytes_is_over_the_limit(root):
    with open(root / "predictions/huge.csv", "wb") as file:
        file.truncate(5 * 1024**3)
    assert _outcome("shop/predictions") == "over_limit"


def test_many_files_together_are_over_the_limit_too(root, monkeypatch):
    monkeypatch.setattr("monitoring.predictions.reading.MOST_TOGETHER", 100)
    for day in (8, 9):
        day_file(root, day, row(day, day, 1, 1))
    assert _outcome("shop/predictions") == "over_limit"


def test_no_file_yet_says_where_it_was_looked_for(root):
    with pytest.raises(Failed, match="PORTAL_LOG_ROOTS"):
        pull("rows", predictions="shop/nothing")


def test_settings_say_what_is_wrong_with_them():
    with pytest.raises(BadSettings) as bad:
        connector_of("prediction_log").checked({"predictions": "a", "task": "ranking", "columns": {"at": "at"}, "x": 1})
    assert set(bad.value.errors) == {"task", "columns.prediction", "x"}


def test_discovery_offers_what_the_task_allows_with_the_newest_whole_day(root):
    day_file(root, 8, row(1, 8, 1, 1) + row(2, 8, 0, 1))
    day_file(root, 10, row(5, 10, 0, 0))
    connector = connector_of("prediction_log")
    found = fetching.run(connector.discover(SETTINGS, {}, at=NOON, limits=Limits()))
    by_metric = {one.selector["metric"]: one for one in found}
    assert (by_metric["accuracy"].last, by_metric["accuracy"].at.day) == (0.5, 8)
    assert by_metric["accuracy"].suggested.means.endswith(".")
    assert [one.selector["metric"] for one in found if one.is_likely] == ["accuracy", "rows"]


def _outcome(name):
    with pytest.raises(Failed) as failed:
        pull("rows", predictions=name)
    return failed.value.outcome
