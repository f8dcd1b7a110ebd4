"""What monitoring brings to a system's file, a module for each section."""

from monitoring.spec import metrics, sources

SECTIONS = [sources.SECTION, metrics.SECTION]
