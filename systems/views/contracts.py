"""The contract of a feed: to read, to write anew, to compare with the version before, to confirm."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mlops_portal.engine.spec import Refused
from mlops_portal.engine.versions import Stale
from systems import contracts
from systems.access import RULES, may, require
from systems.actions.contracts import NotProposed, confirm_contract, put_contract
from systems.actions.feeds import FeedRetired
from systems.comparing import difference
from systems.doors import rule
from systems.forms.feeds import ContractForm
from systems.models import Contract, Feed
from systems.views.finding import find_system


@require_http_methods(["GET", "POST"])
@rule("read", post="feed.edit")
def contract(request, feed):
    """The newest version, or the one asked for with `version`; posted to, the next one."""
    feed = get_object_or_404(Feed.objects.select_related("owner"), slug=feed)
    newest = feed.contracts.first()
    form = ContractForm(request.POST or None, initial=_initial(feed, newest))
    if request.method == "GET":
        return _page(request, feed, form)
    require(request.user, "feed.edit", feed)
    if feed.retired_at:
        messages.error(request, str(FeedRetired(feed)))
        return redirect("systems:contract", feed.slug)
    if not form.is_valid():
        return _page(request, feed, form, status=422)
    try:
        return _save(request, feed, form.cleaned_data)
    except Refused as refused:
        form.refuse(refused.errors)
        return _page(request, feed, form, status=422)
    except Stale as stale:
        seen = form.cleaned_data["version"]
        return _page(request, feed, form.over(stale.now.version), status=412, seen=seen)


def _initial(feed: Feed, newest: Contract | None) -> dict:
    if newest is None:
        return {"version": 0, "text": contracts.example(feed.slug, feed.name)}
    return {"version": newest.n, "text": newest.text, "from_on": newest.from_on}


def _save(request, feed: Feed, said: dict):
    who = {"by": request.user, "at": timezone.now(), "seen": said["version"]}
    contract = put_contract(feed=feed, text=said["text"], from_on=said["from_on"], **who)
    told = " Who answers for the systems that depend on the feed is told." if contract.is_proposed else ""
    messages.success(request, f"Version {contract.n} of the contract is saved.{told}")
    return redirect("systems:contract", feed.slug)


def _page(request, feed: Feed, form: ContractForm, status: int = 200, seen: int = 0):
    versions = list(feed.contracts.select_related("by"))
    shown = _asked_for(versions, request.GET.get("version", ""))
    before = next((one for one in versions if shown and one.n == shown.n - 1), None)
    read = next((one.text for one in versions if one.n == seen), "")
    context = {
        "feed": feed,
        "versions": versions,
        "shown": shown,
        "in_force": feed.contract_in_force(),
        "is_overdue": bool(shown and shown.is_proposed and shown.from_on <= timezone.now().date()),
        "change": difference(before.text, shown.text) if before else [],
        "before": before,
        "form": form if not feed.retired_at and may(request.user, "feed.edit", feed) else None,
        "is_writing": not versions or status != 200,
        "is_stale": status == 412,
        "since": difference(read, versions[0].text) if status == 412 else [],
        "who_may": RULES["feed.edit"].sentence,
    }
    return render(request, "systems/contract.html", context | (_read(shown.document) if shown else {}), status=status)


def _asked_for(versions: list[Contract], asked: str) -> Contract | None:
    n = int(asked) if asked.isdecimal() and len(asked) < 9 else 0
    return next((one for one in versions if one.n == n), versions[0] if versions else None)


def _read(document: dict) -> dict:
    return {
        "document": document,
        "about": contracts.about(document),
        "tables": contracts.tables_of(document),
        "promises": contracts.promises_of(document),
        "members": contracts.members_of(document),
    }


@require_safe
@rule("read")
def download(request, feed):
    """The newest version as the file that it is."""
    newest = Contract.objects.filter(feed__slug=feed).first()
    if newest is None:
        raise Http404
    answer = HttpResponse(newest.text, content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{feed}.odcs.yaml"'
    return answer


@require_POST
@rule("contract.confirm")
def confirm(request, slug, feed):
    """Record that the system can live with what is proposed."""
    system = find_system(request, slug)
    require(request.user, "contract.confirm", system)
    feed = get_object_or_404(Feed, slug=feed)
    n = request.POST.get("n", "")
    try:
        newest = feed.contracts.get(n=int(n) if n.isdecimal() and len(n) < 9 else 0)
        confirm_contract(contract=newest, system=system, by=request.user, at=timezone.now())
        messages.success(request, f"Noted: {system.name} can live with it.")
    except Contract.DoesNotExist:
        messages.error(request, "There is no such version of the contract.")
    except NotProposed as error:
        messages.error(request, str(error))
    return redirect(feed)
