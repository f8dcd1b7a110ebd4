"""Rows of the registry and of the gap report. Made by hand: a page has fifty or a hundred, and a template takes four
times as long for each.
"""

from django import template
from django.template.defaultfilters import truncatechars
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from incidents.models import Incident
from mlops_portal.templatetags.look import ago, avatar, lasting, number, status, worse
from monitoring.models import Series
from systems.models import Outcome, Scoped, System

register = template.Library()

INCIDENTS_SHOWN = 2
NOTHING = mark_safe("")
RESTRICTED = mark_safe(' <span class="tag">restricted</span>')
NOT_WATCHED = mark_safe('<span class="muted">not watched</span>')
NOT_KNOWN = mark_safe('<span class="muted">not known</span>')
ONLY_RESEARCH = format_html("<p>{}</p>", Scoped.ONLY_RESEARCH.label)
GAPS_UNKNOWN = mark_safe('<p title="Its checks have not been run in time">gaps not known</p>')


@register.simple_tag
def row(system: System, registry: str, incidents: str) -> SafeString:
    """The row of a system of with_other_floors(); `registry` and `incidents` are where their lists are."""
    page = f"{registry}{system.slug}/"
    return format_html(
        "<tr><td>{}<p>for {}</p></td>{}"
        '<td data-label="Quality">{}</td><td data-label="Reality gap">{}</td>'
        '<td data-label="Owners"><div>{}</div></td><td data-label="Phase"><div>{}</div></td>'
        '<td data-label="Readiness"><div>{}</div></td><td data-label="Open incident">{}</td></tr>',
        status(system.status_now),
        lasting(system.status_now_since),
        _name(system, page),
        _quality(system.leading, page) if system.leading else NOT_WATCHED,
        _reality(system.reality_gap),
        _owners(system),
        _phase(system),
        _readiness(system, page),
        _incidents(system.open_incidents, incidents) if system.open_incidents else NOTHING,
    )


@register.simple_tag
def gap_row(found: Outcome, registry: str) -> SafeString:
    """The row of a gap, with its `check`, `asks` and `may_mend`; `registry` is where the list of systems is."""
    system = found.system
    return format_html(
        '<tr><th scope="row"><a href="{}{}/#{}">{}</a><p>tier {}, {}</p></th><td>{}</td>'
        '<td data-label="Topic">{}</td><td data-label="Asks the">{}</td><td data-label="Since">{}</td><td>{}</td></tr>',
        registry,
        system.slug,
        found.check.topic,
        system.name,
        system.tier,
        system.team,
        found.why,
        found.check.topic.capitalize(),
        found.asks.lower(),
        ago(found.since),
        _mend(found) if found.may_mend else NOTHING,
    )


def _mend(found: Outcome) -> SafeString:
    return format_html('<a class="button" href="{}" aria-label="Mend it: {}">Mend it</a>', found.url, found.why)


def _name(system: System, page: str) -> SafeString:
    return format_html(
        '<th scope="row"><a href="{}">{}</a>{}{}</th>',
        page,
        system.name,
        RESTRICTED if system.restricted else NOTHING,
        format_html("<p>{}</p>", system.purpose_line) if system.purpose else NOTHING,
    )


def _quality(leading: Series, page: str) -> SafeString:
    limits = ((limit.text, number(limit.value)) for limit in leading.limits)
    return format_html(
        '<div><a href="{}metrics/{}/">{}</a> {}<p>{}</p>{}</div>',
        page,
        leading.metric.key,
        leading.metric,
        number(leading.last_value, leading.metric.unit),
        format_html_join(", ", "{} {}", limits),
        mark_safe(leading.line),  # noqa: S308  charts escape
    )


def _reality(gap: float | None) -> SafeString:
    return NOT_KNOWN if gap is None else format_html("<div>{}<p>{}</p></div>", number(gap), worse(gap))


def _owners(system: System) -> SafeString:
    product, model = system.product_owner, system.model_owner
    return avatar(product) if model == product else format_html("{}<br>{}", avatar(product), avatar(model))


def _phase(system: System) -> SafeString:
    scoped = ONLY_RESEARCH if system.scoped == Scoped.ONLY_RESEARCH else NOTHING
    return format_html("{}<p>tier {}</p>{}", system.get_phase_display(), system.tier, scoped)


def _readiness(system: System, page: str) -> SafeString:
    gaps = NOTHING
    if system.gaps_unknown:
        gaps = GAPS_UNKNOWN
    elif system.gap_count:
        gaps = format_html("<p>{} gap{}</p>", system.gap_count, "" if system.gap_count == 1 else "s")
    return format_html('<a href="{}readiness/">{}</a>{}', page, system.verdict_short, gaps)


def _incidents(found: list[Incident], at: str) -> SafeString:
    shown = (
        (at, one.number, one.number, truncatechars(one.title, 60), f"{one.who} is" if one.who else "nobody is", one.who)
        for one in found[:INCIDENTS_SHOWN]
    )
    links = format_html_join(
        "",
        '<a href="{}{}/">#{} {}</a><p>{} on it{}</p>',
        ((*facts, "" if who else " yet") for *facts, who in shown),
    )
    more = len(found) - INCIDENTS_SHOWN
    return format_html("<div>{}{}</div>", links, format_html("<p>and {} more</p>", more) if more > 0 else NOTHING)
