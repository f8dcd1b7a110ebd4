"""The questions of a system: where each stands, and answering them."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from mlops_portal.engine.versions import Stale
from systems.access import RULES, Rights, may, require
from systems.actions.readiness import NotFromHere, answer_question, ask_waiver
from systems.doors import rule
from systems.forms.readiness import AnswerForm, WaiverForm
from systems.models import Answer, System, Waiver
from systems.questions import ROLE_OF_TOPIC
from systems.readiness import readiness_of
from systems.states import State, state_of


@require_safe
@rule("read")
def readiness(request, slug):
    system = get_object_or_404(System.objects.visible_to(request.user), slug=slug)
    rights = Rights(request.user, [system])
    context = {"system": system, "readiness": readiness_of(system, rights), "who_may": RULES["answer.write"]}
    return render(request, "systems/readiness.html", context)


@require_http_methods(["GET", "POST"])
@rule("read", post="answer.write")
def question(request, slug, question):
    """One question: what it asks, where it stands, what was answered before, and the form to answer it."""
    system = get_object_or_404(System.objects.visible_to(request.user), slug=slug)
    if request.method == "GET":
        return _page(request, _find(system, question))
    require(request.user, "answer.write", system)
    state = _find(system, question)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, state, form, status=422)
    try:
        return _answer(request, state, form)
    except Stale as stale:
        return _page(request, _find(system, question), form.over(stale.now.n), status=412)
    except NotFromHere as refusal:
        messages.error(request, str(refusal))
        return redirect(state.url)


def _find(system: System, key: str) -> State:
    state = state_of(system, key, at=timezone.now())
    if state is None:
        raise Http404
    return state


def _answer(request, state: State, form: AnswerForm):
    facts = form.facts()
    seen = form.cleaned_data["version"]
    answer = answer_question(system=state.system, key=state.key, by=request.user, at=timezone.now(), seen=seen, **facts)
    messages.success(request, f"{state.item.title}: {_said(answer, seen)}")
    return redirect(state.system.readiness_url + f"#{state.key}")


def _said(answer: Answer, seen: int) -> str:
    if answer.n == seen:
        return "nothing was changed, the answer stands as it was."
    if answer.is_whole:
        return "saved; it waits for a review by a manager."
    return "saved. Once you are confident of it, say so, and a manager reviews it."


def _page(request, state: State, form=None, waiver_form=None, status=200):
    system = state.system
    past = Answer.objects.filter(system=system, question_key=state.key).select_related("author")
    waivers = Waiver.objects.filter(system=system, question_key=state.key)
    holdings = system.holdings.current().filter(role=ROLE_OF_TOPIC[state.topic])
    may_answer = system.retired_at is None and may(request.user, "answer.write", system)
    context = {
        "system": system,
        "state": state,
        "form": (form or AnswerForm(initial=_as_it_stands(state))) if may_answer else None,
        "waiver_form": (waiver_form or WaiverForm()) if may_answer and not state.asked else None,
        "is_stale": status == 412,
        "past": [answer for answer in past.prefetch_related("reviews__by") if answer.superseded_at],
        "waivers": waivers.select_related("asked_by", "decided_by"),
        "asks": ROLE_OF_TOPIC[state.topic],
        "holding": holdings.select_related("person").first(),
        "who_may": RULES["answer.write"].sentence,
        "may_review": may(request.user, "review"),
    }
    return render(request, "systems/question.html", context, status=status)


def _as_it_stands(state: State) -> dict:
    answer = state.answer
    if answer is None:
        return {"version": 0}
    return {
        "version": answer.n,
        "text": answer.text,
        "confidence": answer.confidence if answer.applicable else "not_applicable",
        "evidence": "\n".join(f"{one['kind']} {one['url']}" for one in answer.evidence),
    }


@require_http_methods(["GET", "POST"])
@rule("read", post="answer.write")
def waiver(request, slug, question):
    """Ask for a waiver of the question; the form stands on the question's own page."""
    system = get_object_or_404(System.objects.visible_to(request.user), slug=slug)
    if request.method == "GET":
        return redirect("systems:question", slug, question)
    require(request.user, "answer.write", system)
    state = _find(system, question)
    form = WaiverForm(request.POST)
    if not form.is_valid():
        return _page(request, state, waiver_form=form, status=422)
    try:
        ask_waiver(system=system, key=state.key, by=request.user, at=timezone.now(), **form.cleaned_data)
    except NotFromHere as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{state.item.title}: a waiver is asked for; a manager decides.")
    return redirect(state.url)
