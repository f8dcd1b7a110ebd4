"""The review queue: one answer, or one request for a waiver, at a time; the next one follows."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from systems.actions.readiness import NotFromHere, decide_waiver, review_answer
from systems.doors import rule
from systems.forms.readiness import DecisionForm, ReviewForm
from systems.models import Answer, Decision, Waiver
from systems.readiness import waiting_answers, waiting_waivers
from systems.states import state_of


@require_safe
@rule("review")
def reviews(request):
    """The one asked for by ?answer= or ?waiver=, else the oldest that waits."""
    return _page(request)


@require_POST
@rule("review")
def review(request, answer):
    """Approve an answer or send it back."""
    answer = get_object_or_404(Answer.objects.select_related("system", "author"), pk=answer)
    form = ReviewForm(request.POST)
    if not form.is_valid():
        return _page(request, answer=answer, form=form, status=422)
    try:
        review_answer(answer=answer, by=request.user, at=timezone.now(), **form.cleaned_data)
    except (NotFromHere, PermissionDenied) as refusal:
        messages.error(request, str(refusal))
    else:
        done = "approved" if form.cleaned_data["decision"] == Decision.APPROVED else "sent back"
        messages.success(request, f"{answer.system.name}: the answer of {answer.author} is {done}.")
    return redirect("systems:reviews")


@require_POST
@rule("review")
def decide(request, waiver):
    """Grant or refuse a waiver."""
    waiver = get_object_or_404(Waiver.objects.select_related("system", "asked_by"), pk=waiver)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, waiver=waiver, form=form, status=422)
    try:
        decide_waiver(waiver=waiver, by=request.user, at=timezone.now(), **form.cleaned_data)
    except (NotFromHere, PermissionDenied) as refusal:
        messages.error(request, str(refusal))
    else:
        done = "granted" if form.cleaned_data["grant"] else "refused"
        messages.success(request, f"{waiver.system.name}: the waiver is {done}.")
    return redirect("systems:reviews")


def _page(request, answer=None, waiver=None, form=None, status=200):
    waiting = _waiting(request.user)
    shown = answer or waiver or _asked_for(request.GET, waiting) or (waiting[0] if waiting else None)
    is_answer = isinstance(shown, Answer)
    at = timezone.now()
    context = {
        "shown": shown,
        "is_answer": is_answer,
        "state": shown and state_of(shown.system, shown.question_key, at=at),
        "previous": _previous(shown) if is_answer else None,
        "form": form or (ReviewForm() if is_answer else DecisionForm()),
        "is_own": shown is not None and (shown.author_id if is_answer else shown.asked_by_id) == request.user.pk,
        "is_waiting": shown in waiting,
        "place": waiting.index(shown) + 1 if shown in waiting else None,
        "count": len(waiting),
        "next_url": _next_url(shown, waiting),
    }
    return render(request, "systems/reviews.html", context, status=status)


def _waiting(person) -> list:
    """Return what waits for `person`, answers and waivers, the oldest first."""
    waiting = [(one.at, one) for one in waiting_answers(person)] + [(w.asked_at, w) for w in waiting_waivers(person)]
    return [one for _, one in sorted(waiting, key=lambda pair: pair[0])]


def _asked_for(query, waiting: list):
    """Return the answer or the waiver that the query string names, waiting or not; None when it names none."""
    for name, rows in (("answer", Answer.objects.select_related("author")), ("waiver", Waiver.objects.all())):
        text = query.get(name, "")
        if text.isdecimal() and len(text) < 16:
            return get_object_or_404(rows.select_related("system"), pk=text)
    return None


def _previous(answer: Answer):
    """Return the answer that this one took the place of, or None."""
    before = Answer.objects.filter(system=answer.system, question_key=answer.question_key, n__lt=answer.n)
    return before.prefetch_related("reviews__by").select_related("author").first()


def _next_url(shown, waiting: list) -> str:
    """Return where one goes to leave `shown` for later: the next that waits, round and round."""
    others = [one for one in waiting if one != shown]
    if not others:
        return ""
    place = waiting.index(shown) if shown in waiting else 0
    following = others[place % len(others)]
    kind = "answer" if isinstance(following, Answer) else "waiver"
    return f"{reverse('systems:reviews')}?{kind}={following.pk}"
