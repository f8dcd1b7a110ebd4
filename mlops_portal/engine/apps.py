from django.apps import AppConfig


class EngineConfig(AppConfig):
    """The cellar: duties, claims, audit and health; knows no other app."""

    name = "mlops_portal.engine"
    label = "engine"
