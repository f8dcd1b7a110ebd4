from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules

from mlops_portal import celery  # noqa: F401  every process that may nudge needs the application


class PortalConfig(AppConfig):
    """The roof: wiring and what gathers all three apps."""

    name = "mlops_portal"
    label = "portal"

    def ready(self):
        autodiscover_modules("tasks", "checks", "recorded")
        post_migrate.connect(prepare, sender=apps.get_app_config("incidents"))  # the topmost floor with tables


def prepare(**kwargs) -> None:
    """After a migration: enrol the duties of this release; register the portal itself, and the questions asked."""
    from mlops_portal.engine.duties import enrol
    from mlops_portal.seed import seed_portal
    from systems.models.interval import seed_intervals
    from systems.questions import seed_checklists

    enrol()
    seed_intervals()
    seed_portal()
    seed_checklists()
