"""Is it known which version runs, what it goes back to, and did it wait for the gate?"""

from django.urls import reverse

from systems.checking import Finding, check
from systems.checks.applicable import asked, not_asked
from systems.models import Deployment, Outcome, Phase, Role, RunbookVersion, Situation, Verdict
from systems.models.model_version import rollback_targets

PASS, FAIL, NOT_APPLICABLE = Outcome.Result.PASS, Outcome.Result.FAIL, Outcome.Result.NOT_APPLICABLE
NOT_RUNNING = "Nothing of it runs in production."


def _live(systems) -> dict[int, Deployment]:
    live = Deployment.objects.in_production().live().filter(system__in=systems)
    return {one.system_id: one for one in live.select_related("model_version", "system")}


@check(key="version_deployed", topic="quality", title="The running version is known", for_role=Role.SERVICE_OWNER)
def version_deployed(systems):
    """Pass when a deployment to production is recorded; before operations nothing has to run."""
    live = _live(systems)
    for pk, slug, phase, why in asked(systems):
        one, url = live.get(pk), reverse("systems:deployments", args=[slug])
        if why:
            yield not_asked(pk, why)
        elif one:
            yield Finding(pk, PASS, f"Version {one.model_version} runs in production.", url)
        elif phase == Phase.OPERATIONS:
            yield Finding(pk, FAIL, "It is in operations, and nobody has recorded which version runs.", url)
        else:
            yield Finding(pk, NOT_APPLICABLE, NOT_RUNNING, url)


@check(key="rollback_named", topic="errors", title="The way back is known", for_role=Role.SERVICE_OWNER)
def rollback_named(systems):
    """Pass when it is named which version comes back, or one ran before, or the runbook says how to go back."""
    live = _live(systems)
    targets = rollback_targets(live.values())
    written = RunbookVersion.objects.newest().filter(runbook__situation=Situation.ROLLBACK)
    has_runbook = set(written.filter(runbook__system__in=systems).values_list("runbook__system", flat=True))
    for pk, slug, _, why in asked(systems):
        url = reverse("systems:runbook", args=[slug, Situation.ROLLBACK])
        if why or pk not in live:
            yield not_asked(pk, why or NOT_RUNNING)
            continue
        name = live[pk].model_version.name
        if target := targets.get(live[pk].pk):
            yield Finding(pk, PASS, f"When {name} has to go, {target} comes back.", url)
        elif pk in has_runbook:
            yield Finding(pk, PASS, f"No version ran before {name}; the runbook says what is done instead.", url)
        else:
            yield Finding(pk, FAIL, f"No version ran before {name}, and the runbook does not say how to go back.", url)


@check(key="launched_without_gate", topic="phases", title="Launched through the gate", for_role=Role.PRODUCT_OWNER)
def launched_without_gate(systems):
    """Fail where the running version went live while the gate was shut, until the system is ready."""
    live = _live(systems)
    for pk, slug, _, why in asked(systems):
        one, url = live.get(pk), reverse("systems:deployments", args=[slug])
        if why or one is None:
            yield not_asked(pk, why or NOT_RUNNING)
        elif one.gate is None:
            yield Finding(pk, PASS, f"The gate was open when {one.model_version} went live.", url)
        elif one.system.verdict == Verdict.READY:
            yield Finding(pk, PASS, f"{one.model_version} went live past a shut gate; the system is ready since.", url)
        else:
            on = f"{one.at:%-d %B %Y}"
            yield Finding(pk, FAIL, f"Version {one.model_version} went live on {on} while the gate was shut.", url)
