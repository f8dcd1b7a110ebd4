"""The marks and sentences that every page uses; the page /components/ shows each with its states."""

import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from numbers import Real

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from incidents.models.incident import Severity
from mlops_portal.engine import units
from monitoring import charts, wording
from monitoring.models.series import State
from systems.models.condition import Level
from systems.models.outcome import Because, Outcome
from systems.plan_words import said_money
from systems.spans import spelled

register = template.Library()

SHAPES = {
    Level.HEALTHY: '<circle cx="6" cy="6" r="5"/>',
    Level.DEGRADED: '<path d="M6 .8 11.6 11H.4z"/>',
    Level.FAILING: '<path d="M1 1h10v10H1z"/>',
    Level.UNKNOWN: '<path class="mark-drawn" d="M3.4 4a2.6 2.6 0 1 1 3.6 2.4c-.7.3-1 .7-1 1.6M6 10.6v.1"/>',
    Level.UNMONITORED: '<circle class="mark-drawn" cx="6" cy="6" r="4.4"/>',
}
STATUS = {
    level: mark_safe(  # noqa: S308  built from constants
        f'<span class="status status-{level}"><svg class="mark" viewBox="0 0 12 12" aria-hidden="true">{shape}</svg>'
        f"{level.label}</span>"
    )
    for level, shape in SHAPES.items()
}
SEVERITY = {
    level: mark_safe(f'<span class="severity severity-{level.value}">{level.label}</span>')  # noqa: S308
    for level in Severity
}
FOUND = Outcome.Result
OUTCOME_LEVELS = {FOUND.PASS: Level.HEALTHY, FOUND.FAIL: Level.DEGRADED, FOUND.UNKNOWN: Level.UNKNOWN}
OUTCOME_WORDS = {FOUND.PASS: "Holds", FOUND.FAIL: "Fails", FOUND.UNKNOWN: "Not known"}
OUTCOME_WORDS |= {FOUND.WAIVED: "Waived", FOUND.NOT_APPLICABLE: "Does not apply"}
MEASURED = {
    state: mark_safe(str(STATUS[state.level]).replace(state.level.label, state.label))  # noqa: S308  built from constants
    for state in State
} | {Level.UNMONITORED.value: STATUS[Level.UNMONITORED]}
UNITS = [(31_557_600, "year"), (2_629_800, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute")]
FACES = 6
NAME = re.compile(wording.NAME)


@register.simple_tag
def status(level) -> SafeString:
    """The mark and word of a status level; an unheard-of level reads as unknown, never as green."""
    return STATUS.get(level) or STATUS[Level.UNKNOWN]


@register.simple_tag
def outcome(result, because="") -> SafeString:
    """The mark and word of what was found of a check or a question, and why it is so."""
    level = Level.FAILING if because == Because.CONTRADICTED else OUTCOME_LEVELS.get(result, Level.UNMONITORED)
    return format_html(
        '<span class="status status-{}"><svg class="mark" viewBox="0 0 12 12" aria-hidden="true">{}</svg>{}</span>',
        level,
        mark_safe(SHAPES[level]),  # noqa: S308  a constant
        Because(because).label if because else OUTCOME_WORDS.get(result, OUTCOME_WORDS[FOUND.UNKNOWN]),
    )


@register.simple_tag
def severity(level) -> SafeString:
    """The badge of an incident's severity."""
    return SEVERITY.get(level) or format_html('<span class="severity">{}</span>', level)


@register.simple_tag
def measured(state) -> SafeString:
    """The mark and word that stand for a metric (Series.shown_now): what no value came of is told apart in words."""
    return MEASURED.get(state) or MEASURED[State.UNKNOWN]


@register.filter
def told(sentence) -> SafeString:
    """A sentence on a page: names between backticks as code, all of it escaped."""
    return mark_safe(NAME.sub(r"<code>\1</code>", conditional_escape(sentence)))  # noqa: S308  escaped before


def span_words(seconds: float) -> str:
    """Return a duration in its largest fitting unit: "3 hours", "40 days"; less than a minute is "moments"."""
    for size, unit in UNITS:
        # Days are said up to two months: "40 days" tells more than "1 month".
        if seconds >= (size * 2 if unit == "month" else size):
            count = int(seconds // size)
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return "moments"


@register.filter
def span(seconds: float) -> str:
    """A duration in its largest fitting unit; below a minute in seconds."""
    return span_words(seconds) if seconds >= 60 else f"{seconds:g} seconds"


@register.simple_tag
def exactly(seconds: int) -> str:
    """A promised duration as it was written: "26 hours"."""
    return spelled(seconds)


def _time(moment: datetime, words: str, name: str) -> SafeString:
    at = moment.astimezone(UTC)
    iso = at.isoformat(timespec="seconds")
    return mark_safe(  # noqa: S308  digits and own words
        f'<time class="{name}" datetime="{iso}" title="{iso[:10]} {iso[11:16]} UTC">{words}</time>'
    )


@register.simple_tag
def ago(moment: datetime | None) -> SafeString | str:
    """How long ago, with the exact time beside; None is "never"."""
    if moment is None:
        return "never"
    seconds = (timezone.now() - moment).total_seconds()
    if seconds < -60:
        return _time(moment, f"in {span_words(-seconds)}", "until")
    return _time(moment, "just now" if seconds < 60 else f"{span_words(seconds)} ago", "ago")


@register.simple_tag
def lasting(since: datetime) -> SafeString:
    """How long something has been so: "3 hours"; write the "for" before it."""
    return _time(since, span_words((timezone.now() - since).total_seconds()), "lasting")


@register.simple_tag
def until(moment: datetime | None) -> SafeString | str:
    """How long until something is due, or how long it is overdue; None is "no date"."""
    if moment is None:
        return "no date"
    seconds = (moment - timezone.now()).total_seconds()
    return _time(moment, f"in {span_words(seconds)}" if seconds > 0 else f"{span_words(-seconds)} overdue", "until")


def number_text(value: float, digits: int | None = None) -> str:
    """Return the value with thousands separated; without `digits`, three significant figures after the point."""
    if digits is None:
        whole = float(value).is_integer()
        digits = 0 if whole or abs(value) >= 1000 else max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


@register.simple_tag
def number(value, unit: str = "", digits: int | None = None) -> SafeString:
    """A value with its unit; what is not a finite number is said to be missing."""
    if not isinstance(value, Real | Decimal) or not math.isfinite(value):
        return mark_safe(
            '<span class="number"><span aria-hidden="true">–</span><span class="visually-hidden">no value</span></span>'
        )
    unit = units.said(unit)
    space = "" if unit in ("", "%") else "\N{NO-BREAK SPACE}"
    return format_html('<data class="number" value="{}">{}{}{}</data>', value, number_text(value, digits), space, unit)


@register.simple_tag
def worse(gap: float) -> str:
    """What a reality gap says in one word, beside its number."""
    return "worse than tested" if gap > 0 else "no worse than tested"


@register.simple_tag
def money(amount: Decimal, currency: str) -> SafeString:
    """An amount with its currency."""
    return format_html('<data class="number" value="{}">{}</data>', amount, said_money(amount, currency))


@register.simple_tag
def hours(value: float | None) -> SafeString:
    """A stretch of time in hours; below one hour in minutes; None is a missing value."""
    if value is not None and value < 1:
        return number(round(value * 60), "min")
    return number(value, "h", 1)


@register.simple_tag
def share(value: float | None) -> SafeString:
    """A share from 0 to 1 as whole percent."""
    return number(None if value is None else value * 100, "%", 0)


@register.simple_tag
def sparkline(values, label: str = "") -> SafeString:
    """A line the size of a word; `label` says what it shows."""
    return mark_safe(charts.sparkline(values, label))  # noqa: S308  charts escape


@register.inclusion_tag("components/line_chart.html")
def line_chart(chart: charts.LineChart):
    """The first view of a metric, drawn on the server."""
    return {"drawing": charts.draw(chart)}


@register.simple_tag
def avatar(person) -> SafeString:
    """A face of initials with the name; None is an empty face, in plain sight."""
    if person is None:
        return mark_safe(
            '<span class="avatar avatar-empty"><span class="face" aria-hidden="true">?</span>nobody</span>'
        )
    return _face(person.username, person.initials, str(person))


@lru_cache(maxsize=4096)
def _face(username: str, initials: str, name: str) -> SafeString:
    hue = sum(map(ord, username)) % FACES
    return format_html(
        '<span class="avatar"><span class="face face-{}" aria-hidden="true">{}</span>{}</span>', hue, initials, name
    )


@register.inclusion_tag("components/field.html")
def field(bound, **attrs):
    """One form field: label, help under it, the control, the error beside it; `attrs` go to the control."""
    kind = getattr(bound.field.widget, "input_type", "")
    return {"field": bound, "control": bound.as_widget(attrs=attrs), "kind": kind}


@register.inclusion_tag("components/form_errors.html")
def form_errors(form):
    """A summary of what is wrong, with links to the fields; nothing when nothing is wrong."""
    return {"form": form, "wrong": [bound for bound in form if bound.errors]}


@register.simple_tag(takes_context=True)
def query(context, **changes) -> str:
    """The current query string with changes; None takes a key out; a change goes back to the first page."""
    asked = context["request"].GET.copy()
    if "page" not in changes:
        asked.pop("page", None)
    for key, value in changes.items():
        if value is None:
            asked.pop(key, None)
        elif isinstance(value, (list, tuple)):
            asked.setlist(key, value)
        else:
            asked[key] = value
    return f"?{asked.urlencode()}"


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context, page):
    """Previous and next page and where one is; the query string is kept; nothing when one page holds all."""
    return {"page": page, "request": context["request"]}


@register.simple_tag(takes_context=True)
def nav_link(
    context, route: str, text: str, count: int = 0, counted: str = "unread", also: str = ""
) -> SafeString | str:
    """A link of the navigation, marked when one is there, or below, or below `also`; nothing without such a route."""
    try:
        url = reverse(route)
    except NoReverseMatch:
        return ""
    path = context["request"].path
    here = path == url or (url != "/" and path.startswith(url)) or bool(also and path.startswith(also))
    badge = format_html('<span class="badge">{}<span class="visually-hidden"> {}</span></span>', count, counted)
    current = mark_safe(' aria-current="page"') if here else ""
    return format_html('<a href="{}"{}>{}{}</a>', url, current, text, badge if count else "")
