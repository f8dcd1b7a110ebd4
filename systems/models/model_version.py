"""The versions of a system's model, and which of them ran where from when on."""

from django.conf import settings
from django.db import models

from systems.models.system import System

PRODUCTION = "production"


class ModelVersion(models.Model):
    """A trained model by its name; `registry_ref` says where it lies, `figures` how good it was when trained."""

    system = models.ForeignKey(System, models.CASCADE, related_name="model_versions")
    name = models.CharField(max_length=120)
    trained_at = models.DateTimeField(null=True, blank=True)
    registry_ref = models.CharField(max_length=300, blank=True)
    figures = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["system", "name"], name="model_version_once")]

    def __str__(self):
        return self.name


class DeploymentQuerySet(models.QuerySet):
    def in_production(self):
        return self.filter(environment=PRODUCTION)

    def live(self, at=None):
        """The one deployment of each system and environment that holds, or held at the moment `at`."""
        begun = self.filter(at__lte=at) if at else self
        return begun.order_by("system_id", "environment", "-at").distinct("system_id", "environment")


class Deployment(models.Model):
    """From `at` on the version ran there; `gate` is the gate as it stood, kept when it was shut.

    `rollback_to` is the version that comes back when this one has to go; where nobody named one, it is the version
    that ran there before (rollback_targets()).
    """

    system = models.ForeignKey(System, models.CASCADE, related_name="deployments")
    environment = models.CharField(max_length=40, default=PRODUCTION)
    at = models.DateTimeField()
    model_version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="deployments")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)
    rollback_to = models.ForeignKey(ModelVersion, models.PROTECT, null=True, blank=True, related_name="+")
    gate = models.JSONField(null=True)

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["system", "environment", "at"], name="deployment_once")]

    def __str__(self):
        return f"{self.model_version} in {self.environment}"


def rollback_targets(live) -> dict[int, str]:
    """Return by deployment id the name of the version that comes back when that one has to go, where there is one.

    `live` are deployments; two queries in all.
    """
    live = list(live)
    named = {one.pk: one.rollback_to_id for one in live if one.rollback_to_id}
    targets = dict(ModelVersion.objects.filter(pk__in=named.values()).values_list("pk", "name")) if named else {}
    found = {pk: targets[version] for pk, version in named.items()}
    asked = {(one.system_id, one.environment): one for one in live if one.pk not in found}
    ran = Deployment.objects.filter(system__in={one.system_id for one in asked.values()}).order_by("-at")
    for system, environment, at, version, name in ran.values_list(
        "system", "environment", "at", "model_version", "model_version__name"
    ):
        one = asked.get((system, environment))
        if one and at < one.at and version != one.model_version_id:
            found.setdefault(one.pk, name)
    return found
