"""Feeds: the list, each with what is promised of it and who depends on it; adding and editing."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from mlops_portal.engine.models import Change
from mlops_portal.engine.versions import Stale
from systems.access import RULES, may, require
from systems.actions.dependencies import set_dependencies
from systems.actions.feeds import EDITABLE, StillNeeded, add_feed, edit_feed, retire_feed
from systems.doors import rule
from systems.feeds import counted, dependents_of
from systems.filters import FeedFilter
from systems.forms.feeds import FeedForm
from systems.models import Feed, System

PAGE_SIZE = 50
CHANGES_SHOWN = 20


@require_safe
@rule("read")
def feeds(request):
    """All feeds by short name, each with how many systems depend on it that one may see."""
    found = FeedFilter(request.GET, Feed.objects.for_list_page())
    page = Paginator(found.qs, PAGE_SIZE).get_page(request.GET.get("page"))
    page.object_list = counted(page.object_list, request.user)
    context = {
        "found": found,
        "page": page,
        "asked": request.GET.get("q", ""),
        "retired": request.GET.get("retired", ""),
        "may_add": may(request.user, "feed.add"),
    }
    return render(request, "systems/feeds.html", context)


@require_safe
@rule("read")
def feed(request, feed):
    """What is promised of one feed, its contract in short, who depends on it, and who confirmed what is proposed."""
    feed = get_object_or_404(Feed.objects.with_contract().select_related("owner", "evidence_system"), slug=feed)
    contracts = list(feed.contracts.select_related("by")[:2])
    newest = contracts[0] if contracts else None
    context = {
        "feed": feed,
        "newest": newest,
        "proposed": newest if newest and newest.is_proposed else None,
        "in_force": feed.contract_in_force(),
        "dependents": dependents_of(feed, newest, request.user),
        "changes": Change.objects.filter(system="", kind__in=["feed", "contract"], object=feed.slug)[:CHANGES_SHOWN],
        "evidence": feed.evidence_for(request.user),
        "may_edit": not feed.retired_at and may(request.user, "feed.edit", feed),
        "who_may": RULES["feed.edit"].sentence,
    }
    return render(request, "systems/feed.html", context)


@require_http_methods(["GET", "POST"])
@rule("feed.add")
def add(request):
    """A new feed; with `system` in the address, that system depends on it from then on."""
    system = _system_of(request)
    form = FeedForm(request.POST or None, initial={"version": 0, "owner": request.user}, person=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            return _add(request, form.facts(), system)
        except IntegrityError:  # somebody took the short name at this very moment
            form.add_error("slug", "This short name has just been taken; choose another.")
    context = {"form": form, "system": system}
    return render(request, "systems/feed_form.html", context, status=422 if form.errors else 200)


def _system_of(request) -> System | None:
    slug = request.GET.get("system", "")
    system = System.objects.visible_to(request.user).in_use().filter(slug=slug).first()
    return system if system and may(request.user, "system.edit", system) else None


@transaction.atomic
def _add(request, facts: dict, system: System | None):
    who = {"by": request.user, "at": timezone.now()}
    feed = add_feed(**facts, **who)
    if system:
        set_dependencies(system=system, feeds=[*Feed.objects.filter(dependencies__system=system), feed], **who)
    messages.success(request, f"{feed} is there. Its contract comes next.")
    return redirect(feed)


@require_http_methods(["GET", "POST"])
@rule("feed.edit")
def edit(request, feed):
    feed = _to_edit(request, feed)
    system = feed.evidence_for(request.user)
    initial = {name: getattr(feed, name) for name in (*EDITABLE, "version")} | {
        "evidence_system": system.slug if system else ""
    }
    form = FeedForm(request.POST or None, initial=initial, feed=feed, person=request.user)
    now, changes = None, []
    if request.method == "POST" and form.is_valid():
        try:
            seen = form.cleaned_data["version"]
            edit_feed(feed=feed, by=request.user, at=timezone.now(), seen=seen, **form.facts())
        except Stale as stale:
            now = stale.now
            changes = _edits_since(now, seen)
            form = form.over(now.version)
        else:
            messages.success(request, f"{feed} is saved.")
            return redirect(feed)
    status = 412 if now else 422 if form.errors else 200
    context = {"form": form, "feed": feed, "now": now, "changes": changes}
    return render(request, "systems/feed_form.html", context, status=status)


def _to_edit(request, slug: str) -> Feed:
    """Return the feed in use. Raises Http404, PermissionDenied."""
    feed = get_object_or_404(Feed.objects.in_use().select_related("owner", "evidence_system"), slug=slug)
    require(request.user, "feed.edit", feed)
    return feed


def _edits_since(feed: Feed, seen: int):
    """Return what was edited after version `seen`, newest first."""
    edits = Change.objects.filter(system="", kind="feed", object=feed.slug, verb__in=["edited", "retired"])
    return edits[: max(feed.version - seen, 0)]


@require_http_methods(["GET", "POST"])
@rule("feed.edit")
def retire(request, feed):
    """Ask with the systems that depend on it; posted to with each of them as `accept`, retire it."""
    feed = _to_edit(request, feed)
    said = ""
    if request.method == "POST":
        try:
            accept = request.POST.getlist("accept")
            retire_feed(feed=feed, accept=accept, by=request.user, at=timezone.now())
        except StillNeeded as error:
            said = str(error)
        else:
            messages.success(request, f"{feed} is retired. Its page, its contract and its history stay.")
            return redirect(feed)
    context = {"feed": feed, "systems": list(feed.dependents(request.user)), "said": said}
    return render(request, "systems/feed_retire.html", context, status=409 if said else 200)
