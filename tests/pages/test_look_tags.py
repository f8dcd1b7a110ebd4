from datetime import timedelta
from types import SimpleNamespace

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template
from django.utils import timezone

from mlops_portal.templatetags.look import number_text, span_words
from systems.models import Level, Person


def show(source, rf=None, address="/", **context):
    if rf:
        context["request"] = rf.get(address)
    return Template("{% load look %}" + source).render(Context(context))


@pytest.mark.parametrize("level", Level.worst_first())
def test_a_status_is_a_shape_and_a_word(level):
    html = show("{% status level %}", level=level.value)
    assert '<svg class="mark" viewBox="0 0 12 12" aria-hidden="true"><' in html
    assert html.endswith(f"{level.label}</span>")


def test_every_status_has_a_shape_of_its_own():
    shapes = {show("{% status level %}", level=level).split("<svg")[1].split("</svg>")[0] for level in Level.values}
    assert len(shapes) == len(Level.values)


@pytest.mark.parametrize("level", [None, "", "splendid"])
def test_an_unheard_of_status_is_unknown(level):
    assert "Unknown" in show("{% status level %}", level=level)


def test_severity_says_its_word():
    assert show('{% severity "sev2" %}') == '<span class="severity severity-sev2">SEV 2</span>'


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (59, "moments"),
        (60, "1 minute"),
        (7_199, "1 hour"),
        (86_400 * 40, "40 days"),
        (86_400 * 70, "2 months"),
        (86_400 * 800, "2 years"),
    ],
)
def test_a_duration_is_said_in_its_largest_fitting_unit(seconds, words):
    assert span_words(seconds) == words


def test_ago_has_the_exact_time_beside():
    moment = timezone.now() - timedelta(hours=3, minutes=1)
    html = show("{% ago moment %}", moment=moment)
    assert f'datetime="{moment:%Y-%m-%dT%H:%M:%S}+00:00"' in html
    assert f'title="{moment:%Y-%m-%d %H:%M} UTC"' in html
    assert ">3 hours ago<" in html


def test_times_that_are_not_known_are_said():
    assert show("{% ago None %} {% until None %}") == "never no date"


def test_until_says_what_is_overdue():
    now = timezone.now()
    html = show("{% until a %} {% until b %}", a=now + timedelta(hours=2, minutes=1), b=now - timedelta(days=3))
    assert ">in 2 hours<" in html
    assert ">3 days overdue<" in html


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.86125, None, "0.861"),
        (0.0001234, None, "0.000123"),
        (12345.6, None, "12,346"),
        (7.0, None, "7"),
        (7, 2, "7.00"),
    ],
)
def test_numbers_keep_three_figures_unless_told(value, digits, text):
    assert number_text(value, digits) == text


@pytest.mark.parametrize("value", [None, "", float("nan"), float("inf"), "0.8"])
def test_what_is_no_number_is_said_to_be_missing(value):
    assert "no value" in show("{% number value %}", value=value)


def test_a_unit_stays_with_its_number():
    assert ">41.3\N{NO-BREAK SPACE}ms<" in show('{% number 41.26 unit="ms" digits=1 %}')
    assert ">7%<" in show('{% number 7 unit="%" %}')


def test_nobody_is_in_plain_sight():
    assert "nobody" in show("{% avatar None %}")


def test_a_name_cannot_bring_markup():
    html = show("{% avatar person %}", person=Person(username="x", name="<b>Bold"))
    assert "<b>" not in html
    assert "&lt;b&gt;Bold" in html


def test_query_keeps_the_rest_and_returns_to_the_first_page(rf):
    html = show("{% query sort='name' tier=None %}", rf, "/?q=a%26b&tier=1&page=4")
    assert html == "?q=a%26b&amp;sort=name"


def test_pagination_keeps_the_query(rf):
    page = Paginator(range(120), 50).page(2)
    html = show("{% pagination page %}", rf, "/?q=churn&page=2", page=page)
    assert 'href="?q=churn&amp;page=1"' in html
    assert 'href="?q=churn&amp;page=3"' in html
    assert "51–100 of 120" in html


def test_one_page_has_no_pagination(rf):
    assert show("{% pagination page %}", rf, page=Paginator(range(9), 50).page(1)).strip() == ""


class _Form(forms.Form):
    name = forms.CharField(help_text="As people call it.")
    note = forms.CharField(required=False)


def test_a_wrong_field_is_tied_to_its_help_and_its_error():
    html = show("{% field form.name %}", form=_Form({}))
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_name_error">This field is required.' in html


def test_a_field_that_may_stay_empty_says_so():
    assert "optional" in show("{% field form.note %}", form=_Form())
    assert "optional" not in show("{% field form.name %}", form=_Form())


def test_the_summary_leads_to_the_wrong_fields():
    assert '<a href="#id_name">Name</a>: This field is required.' in show("{% form_errors form %}", form=_Form({}))
    assert show("{% form_errors form %}", form=_Form({"name": "x"})).strip() == ""


def test_the_navigation_links_only_to_what_exists(rf):
    assert show("{% nav_link 'no:such' 'Nothing' %}", rf) == ""
    assert 'aria-current="page"' in show("{% nav_link 'systems:list' 'Systems' %}", rf, "/systems/churn/")
    assert "aria-current" not in show("{% nav_link 'home' 'Home' %}", rf, "/systems/")


def test_the_banner_says_since_when_and_what_is_late():
    late = SimpleNamespace(since=timezone.now() - timedelta(minutes=4), names=("judge", "pull"))
    html = show("{% include 'components/banner.html' %}", lateness=late)
    assert "The portal itself is late:" in html
    assert "4 minutes ago" in html
    assert "(late: judge, pull)" in html


def test_the_banner_says_how_far_a_demo_has_been_filled():
    assert "banner" not in show("{% include 'components/banner.html' %}", demo_past="")
    assert "has come to 3 March, 84 of 182 days" in show(
        "{% include 'components/banner.html' %}", demo_past="3 March, 84 of 182 days"
    )
