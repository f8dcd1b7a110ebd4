"""Versions of a system's model, and where they run."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from systems.access import RULES, may, require
from systems.actions.versions import AlreadyThere, add_version, deploy
from systems.doors import rule
from systems.forms.promises import DeploymentForm, VersionForm, WhenForm
from systems.models import System
from systems.models.model_version import rollback_targets
from systems.readiness import gate_of
from systems.views.finding import find_system, in_own_time

SHOWN = 50


@require_http_methods(["GET", "POST"])
@rule("read", post="version.record")
@in_own_time
def deployments(request, slug):
    """Which version runs where since when, or ran at the moment `at`; recording a version, or a deployment (`what`)."""
    system = find_system(request, slug)
    what = request.POST.get("what")
    version = VersionForm(request.POST if what == "version" else None, prefix="version")
    deployment = DeploymentForm(request.POST if what == "deployment" else None, prefix="deployment", system=system)
    if request.method == "GET":
        return _page(request, system, version, deployment)
    require(request.user, "version.record", system)
    try:
        if version.is_bound and version.is_valid():
            return _add(request, system, version.cleaned_data)
        if deployment.is_bound and deployment.is_valid():
            return _deploy(request, system, deployment.cleaned_data)
    except AlreadyThere as there:
        form, field = (version, "name") if version.is_bound else (deployment, "at")
        form.add_error(field, str(there))
    return _page(request, system, version, deployment, status=422)


def _add(request, system: System, facts: dict):
    one = add_version(system=system, by=request.user, at=timezone.now(), **facts)
    messages.success(request, f"Version {one} is recorded. Record a deployment to say where it runs.")
    return redirect("systems:deployments", system.slug)


def _deploy(request, system: System, facts: dict):
    one = deploy(system=system, by=request.user, **facts)
    messages.success(request, f"Recorded: version {one.model_version} in {one.environment}.")
    return redirect("systems:deployments", system.slug)


def _page(request, system, version, deployment, status=200):
    live = list(system.deployments.live().select_related("model_version", "by"))
    targets = rollback_targets(live)
    for one in live:
        one.goes_back_to = targets.get(one.pk)
    may_record = may(request.user, "version.record", system)
    context = {
        "system": system,
        "live": sorted(live, key=lambda one: (one.environment != "production", one.environment)),
        "deployments": system.deployments.select_related("model_version", "by")[:SHOWN],
        "versions": system.model_versions.all()[:SHOWN],
        "live_versions": {one.model_version_id for one in live},
        "gate": gate_of(system),
        **_then(request, system),
        "version_form": version if may_record else None,
        "deployment_form": deployment if may_record else None,
        "who_may": RULES["version.record"].sentence,
    }
    return render(request, "systems/deployments.html", context, status=status)


def _then(request, system) -> dict:
    """Return the form that asks what ran at a moment, and when it was asked, `then` and what ran everywhere."""
    form = WhenForm(request.GET if "at" in request.GET else None)
    if not form.is_bound or not form.is_valid():
        return {"when_form": form}
    then = form.cleaned_data["at"]
    ran = system.deployments.live(then).select_related("model_version")
    return {"when_form": form, "then": then, "ran": sorted(ran, key=lambda one: one.environment)}
