"""The figure of false alarms in the demo world: what alarms together is one incident, and every alarm is named."""

from datetime import UTC, datetime, timedelta

from bench.measures import quiet
from monitoring.judging.backtesting import Noticed

START = datetime(2026, 3, 2, tzinfo=UTC)


def _noticed(told, over):
    moments = [START, START + timedelta(days=told), over and START + timedelta(days=over)]
    return Noticed(*moments, {}, "It fell.", {})


def test_what_is_told_while_another_lasts_joins_its_incident():
    assert quiet._incidents([]) == 0
    assert quiet._incidents([_noticed(5, 9), _noticed(1, 6), _noticed(8, 8.5), _noticed(20, 21)]) == 2
    assert quiet._incidents([_noticed(1, None), _noticed(30, 40)]) == 1


def test_each_system_and_the_whole_have_a_line_and_each_alarm_its_sentence(monkeypatch):
    healthy = [one for one in quiet.SERVICES if one.slug == "demand-forecast"]
    monkeypatch.setattr(quiet, "SERVICES", healthy)
    monkeypatch.setattr(quiet, "LIVES", 1)
    monkeypatch.setattr(quiet, "measured", lambda key, experiment, truth, answer: 100.0 + len(truth) % 7)
    assert [line.split()[0] for line in quiet.figures()] == ["demand-forecast", "incidents"]
    days = iter(range(quiet.DAYS_OF_PAST))

    def worse_from_a_day_on(*_):
        day = next(days)
        return 177.0 + day % 5 + (200.0 if day > 120 else 0.0)

    monkeypatch.setattr(quiet, "measured", worse_from_a_day_on)
    first, told, last = quiet.figures()
    assert "   1 incidents in 0 years" in first
    assert "Mean absolute error has risen" in told
    assert last.endswith("short")
