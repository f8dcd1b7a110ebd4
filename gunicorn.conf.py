"""What gunicorn reads by itself where it is started: its own lines are JSON too (RELIABILITY S30)."""

from mlops_portal.engine.logs import logging_config

logconfig_dict = logging_config("INFO")
