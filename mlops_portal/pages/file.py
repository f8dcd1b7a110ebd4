"""A system's file applied by hand: pasted, looked at as a plan, then applied; what would undo others' work is said."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mlops_portal.engine.plain_yaml import MAX_BYTES, NotPlain, parse_yaml
from mlops_portal.engine.spec import Refused, Step
from mlops_portal.spec import ChangedByHand, Plan, apply, as_file
from systems.access import require
from systems.doors import rule
from systems.models import System

LONGEST_SHOWN = 160
EXAMPLE = """version: 1
system:
  slug: churn
  name: Churn model
  purpose: Says which customers are about to leave.
  team: {team}
"""


class FileForm(forms.Form):
    text = forms.CharField(
        label="mlsystem.yaml",
        max_length=MAX_BYTES,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 20, "spellcheck": "false"}),
        help_text="A section left out is left alone; an item left out of a section is retired.",
    )

    def clean_text(self):
        text = self.cleaned_data["text"]
        try:
            self.document = parse_yaml(text.encode())
        except NotPlain as error:
            raise forms.ValidationError(str(error)) from None
        return text

    @property
    def slug(self) -> str:
        """Return whose file it is; empty when it does not say."""
        system = self.document.get("system") if isinstance(self.document, dict) else None
        slug = system.get("slug") if isinstance(system, dict) else None
        return slug if isinstance(slug, str) else ""


@require_http_methods(["GET", "POST"])
@rule("system.register")
def register(request):
    """Register a system by pasting its file."""
    team = request.user.teams.values_list("slug", flat=True).first()
    form = FileForm(request.POST or None, initial={"text": EXAMPLE.format(team=team or "growth")})
    return _answer(request, form, None)


@require_http_methods(["GET", "POST"])
@rule("system.edit")
def change(request, slug):
    """Change a system by its file; the box begins with what it says now."""
    seen = System.objects.visible_to(request.user).in_use().select_related("team")
    system = get_object_or_404(seen, slug=slug)
    require(request.user, "system.edit", system)
    form = FileForm(request.POST or None, initial=None if request.POST else {"text": as_file(system)})
    return _answer(request, form, system)


def _answer(request, form: FileForm, system: System | None):
    if request.method == "GET" or not form.is_valid():
        return _page(request, form, system, status=200 if request.method == "GET" else 422)
    what = request.POST.get("what", "plan")
    how = {"dry_run": what == "plan", "take_file": what == "take"}
    slug = system.slug if system else form.slug
    try:
        plan = apply(form.document, slug=slug, by=request.user, at=timezone.now(), **how)
    except Refused as refused:
        return _page(request, form, system, status=422, errors=refused.errors)
    except ChangedByHand as changed:
        return _page(request, form, system, status=409, plan=changed.plan)
    except PermissionDenied as denied:
        form.add_error(None, str(denied))
        return _page(request, form, system, status=403)
    if what == "plan":
        return _page(request, form, system, plan=plan)
    count = len(plan.steps)
    messages.success(request, f"{count} step{'' if count == 1 else 's'} done." if count else "It was so already.")
    return redirect("systems:detail", slug)


def _page(request, form: FileForm, system: System | None, *, status: int = 200, plan: Plan | None = None, errors=None):
    context = {
        "form": form,
        "system": system,
        "errors": errors or {},
        "plan": plan,
        "steps": [(step, _lines(step)) for step in plan.steps] if plan else [],
        "by_hand": [(undone, _lines(undone.step)) for undone in plan.by_hand] if plan else [],
    }
    return render(request, "pages/file.html", context, status=status)


def _lines(step: Step) -> list[tuple[str, str, str]]:
    """Return what differs: (member, as it is now, as the file says), in short texts."""
    before, after = step.before, step.after
    if not isinstance(before, dict | None) or not isinstance(after, dict | None):
        return [("", _short(before), _short(after))]
    names = [
        name for name in {**(before or {}), **(after or {})} if (before or {}).get(name) != (after or {}).get(name)
    ]
    return [(name, _short((before or {}).get(name)), _short((after or {}).get(name))) for name in names]


def _short(value) -> str:
    text = _words(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _words(value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(one)}" for name, one in value.items() if one not in (None, [], {}))
    if isinstance(value, list):
        return "; ".join(map(_words, value))
    return "" if value is None else str(value)
