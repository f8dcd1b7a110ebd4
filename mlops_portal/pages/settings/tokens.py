"""Own tokens: made, shown once, revoked."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mlops_portal.pages.settings.forms import TokenForm
from mlops_portal.pages.settings.tabs import show, show_once
from systems.doors import rule
from systems.models import Token
from systems.tokens import make_token, revoke_token


@rule("token.own")
@require_http_methods(["GET", "POST"])
def tokens(request):
    """Own tokens; a new one is shown in the answer to its making, and never again."""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _make(request, form)
    own = Token.objects.filter(person=request.user)
    alive = list(own.alive())
    ended = own.exclude(pk__in=[token.pk for token in alive])[:20]
    context = {"alive": alive, "ended": ended, "form": form, "now": timezone.now()}
    return show(request, "settings/tokens.html", context, status=422 if form.errors else 200)


def _make(request, form):
    given = form.cleaned_data
    _, text = make_token(
        person=request.user,
        by=request.user,
        name=given["name"],
        scopes=given["scopes"],
        expires_at=form.expires_at(),
    )
    return show_once(request, "settings/token_made.html", {"text": text, "name": given["name"]})


@rule("token.own")
@require_http_methods(["GET", "POST"])
def revoke(request, prefix):
    """Ask, then end the token at once."""
    token = get_object_or_404(Token, person=request.user, prefix=prefix, revoked_at=None)
    if request.method == "POST":
        revoke_token(token=token, by=request.user, at=timezone.now())
        messages.success(request, f"The token {token.name or token.prefix} is revoked.")
        return redirect("settings:tokens")
    context = {
        "title": f"Revoke the token {token.name or token.prefix}?",
        "text": "Whatever uses it is refused from this moment on. It cannot be brought back.",
        "action": request.path,
        "label": "Revoke",
        "back": reverse("settings:tokens"),
    }
    return render(request, "components/confirm.html", context)
