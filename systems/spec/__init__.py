"""What the registry brings to a system's file, a module for each section."""

from systems.spec import dependencies, feeds, owners, phases, readiness, retraining, runbook, system

SECTIONS = [
    system.SECTION,
    owners.SECTION,
    phases.SECTION,
    runbook.TEXTS,
    runbook.RANGES,
    retraining.SECTION,
    feeds.SECTION,
    dependencies.SECTION,
    readiness.SECTION,
]
