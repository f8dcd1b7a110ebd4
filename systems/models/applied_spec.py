"""What a system's file said when it was last applied."""

from django.conf import settings
from django.db import models

from systems.models.system import System


class AppliedSpec(models.Model):
    """`document` is the file as it was understood; what differs from it since was changed by hand."""

    system = models.OneToOneField(System, models.CASCADE, related_name="applied_spec")
    document = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    def __str__(self):
        return f"The file of {self.system}"
