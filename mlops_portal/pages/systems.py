"""The registry's list: it gathers what each floor knows of each system."""

from itertools import groupby

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from incidents.models import Incident
from mlops_portal.engine.spreadsheet import csv_answer
from monitoring.drawing.series import leading_of
from systems.actions.views import kept_query
from systems.doors import rule
from systems.filters import SystemFilter, few, teams_to_choose
from systems.models import Holding, Level, Person, Phase, Scoped, System
from systems.models.system import with_owners

PAGE_SIZE = 50


@require_safe
@rule("read")
def list_page(request):
    """The registry, worst first; the fragment alone for htmx, a table for spreadsheets with ?format=csv."""
    asked = _filled_in(request.GET)
    found = SystemFilter(asked, System.objects.visible_to(request.user).with_status())
    if asked.get("format") == "csv":
        return _export(found.qs.for_list_page().defer(None), request.user)
    counts = status_counts(found.without("status"))
    page = _page(found, counts, asked.get("page"))
    context = {"found": found, "asked": asked, "page": page, "counts": counts, "groups": _groups(found, page)}
    context["kept"] = kept_query(asked)
    if request.htmx and not request.htmx.history_restore_request:
        answer = render(request, "systems/_found.html", context)
        answer["HX-Push-Url"] = f"{request.path}?{asked.urlencode()}" if asked else request.path
    else:
        answer = render(request, "systems/list.html", context | _around(request.user, asked))
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _page(found: SystemFilter, counts: list[tuple[Level, int]], number: str | None):
    """Return one page of what was found: sorted by keys alone, so that only what is shown is read whole."""
    pages = Paginator(found.qs.values_list("pk", flat=True), PAGE_SIZE)
    if not found.form.errors:
        asked = found.form.cleaned_data["status"]
        pages.count = sum(count for level, count in counts if not asked or level in asked)
    page = pages.get_page(number)
    page.object_list = with_other_floors(System.objects.for_list_page().in_order(list(page.object_list)))
    return page


def _groups(found: SystemFilter, page) -> list[tuple[str, int, list[System]]]:
    """Return the rows of the page as (title, how many there are in all, systems); without a grouping as one group."""
    asked = "" if found.form.errors else found.form.cleaned_data["group"]
    if not asked:
        return [("", 0, page.object_list)]
    by = {"team": "team__name", "phase": "phase"}[asked]
    counts = dict(found.qs.order_by().values_list(by).annotate(Count("pk")))
    told = {"team": lambda system: system.team.name, "phase": lambda system: system.phase}[asked]
    rows = [(key, list(systems)) for key, systems in groupby(page.object_list, key=told)]
    return [(Phase(key).label if asked == "phase" else key, counts[key], systems) for key, systems in rows]


def _around(person: Person, asked: QueryDict) -> dict:
    return {"selects": _selects(person, asked), "views": person.saved_views.all()}


def _filled_in(query: QueryDict) -> QueryDict:
    """Return the query string without the fields that a form sends empty."""
    filled = QueryDict(mutable=True)
    for name, values in query.lists():
        if any(values):
            filled.setlist(name, [value for value in values if value])
    return filled


def _selects(person: Person, asked: QueryDict) -> list[dict]:
    """Return the fields of the filter: name, label, what is chosen, and the choices; None where they are too many."""
    owners, teams = _owners_to_choose(person), teams_to_choose()
    choices = {
        "phase": ("Phase", Phase.choices),
        "team": ("Team" if teams is not None else "Team, by its short name", teams),
        "owner": ("Owner" if owners is not None else "Owner, by the user name", owners),
        "verdict": ("Readiness", [("ready", "Ready"), ("experiment", "At the experiment stage")]),
        "scoped": ("Scoped", [(word, label.capitalize()) for word, label in Scoped.choices]),
        "tier": ("Tier", [(str(tier), f"Tier {tier}") for tier in (1, 2, 3, 4)]),
        "group": ("Grouped", [("team", "By team"), ("phase", "By phase")]),
        "sort": ("Order", SystemFilter.Sort.LABELS.items()),
    }
    return [
        {"name": name, "label": label, "choices": those, "chosen": asked.get(name, "")}
        for name, (label, those) in choices.items()
    ]


def _owners_to_choose(person: Person) -> list[tuple[str, str]] | None:
    """Return (username, words) of those who hold a role that `person` may know of; None where people are too many."""
    known = few(Person.objects.order_by("username").values_list("pk", "username", "name"))
    if not known:
        return known
    seen = System.objects.visible_to(person)
    holds = set(
        Holding.objects.current().filter(system__in=seen).order_by().values_list("person", flat=True).distinct()
    )
    return [(username, name or username) for pk, username, name in known if pk in holds]


def with_other_floors(systems) -> list[System]:
    """Return `systems` with_owners(), each with its `open_incidents`, the worst first, and its `leading` or None."""
    systems = with_owners(systems)
    open_ones, leading = Incident.objects.unresolved().of_systems(systems), leading_of(systems)
    for system in systems:
        system.open_incidents = open_ones.get(system.pk, [])
        system.leading = leading.get(system.pk)
    return systems


def status_counts(systems) -> list[tuple[Level, int]]:
    """Return how many of `systems` (with_status()) are at each level, worst first."""
    counted = dict(systems.order_by().values_list("status_now").annotate(Count("pk")))
    return [(level, counted.get(level, 0)) for level in Level.worst_first()]


COLUMNS = [
    ("system", lambda s: s.slug),
    ("name", lambda s: s.name),
    ("purpose", lambda s: s.purpose),
    ("status", lambda s: s.status_now),
    ("since", lambda s: s.status_now_since.isoformat(timespec="seconds")),
    ("why", lambda s: s.status_sentence),
    ("phase", lambda s: s.phase),
    ("scoped", lambda s: s.scoped),
    ("tier", lambda s: s.tier),
    ("team", lambda s: s.team.slug),
    ("product_owner", lambda s: getattr(s.product_owner, "username", "")),
    ("model_owner", lambda s: getattr(s.model_owner, "username", "")),
    ("gaps", lambda s: "" if s.gaps_unknown else s.gap_count),
    ("verdict", lambda s: s.verdict),
    ("readiness", lambda s: s.verdict_short),
    ("quality_metric", lambda s: s.leading.metric.key if s.leading else ""),
    ("quality", lambda s: s.leading.last_value if s.leading else ""),
    ("reality_gap", lambda s: "" if s.reality_gap is None else s.reality_gap),
    ("reality_gap_now", lambda s: "" if s.reality_gap_now is None else s.reality_gap_now),
    ("reality_gap_sentence", lambda s: s.reality_gap_sentence),
    ("restricted", lambda s: "yes" if s.restricted else "no"),
    ("registered_at", lambda s: s.registered_at.isoformat(timespec="seconds")),
    ("verdict_sentence", lambda s: s.verdict_sentence),
    ("open_incidents", lambda s: " ".join(str(incident.number) for incident in s.open_incidents)),
    ("tags", lambda s: ", ".join(s.tags)),
]


def _export(systems, person: Person):
    rows = ([read(system) for _, read in COLUMNS] for system in with_other_floors(systems))
    return csv_answer("systems.csv", [name for name, _ in COLUMNS], rows, by=person)
