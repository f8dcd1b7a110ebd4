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
    """From `at` on the version ran there; `gate` is the gate as it stood, kept when it was shut."""

    system = models.ForeignKey(System, models.CASCADE, related_name="deployments")
    environment = models.CharField(max_length=40, default=PRODUCTION)
    at = models.DateTimeField()
    model_version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="deployments")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)
    gate = models.JSONField(null=True)

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["system", "environment", "at"], name="deployment_once")]

    def __str__(self):
        return f"{self.model_version} in {self.environment}"
