from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """What the machines see."""

    name = "monitoring"
