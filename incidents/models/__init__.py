"""Incidents and what goes out about them, one model a file."""

from incidents.models.alert import IncidentAlert
from incidents.models.delivery import Channel, Delivery
from incidents.models.entry import Entry
from incidents.models.incident import Incident, IncidentSystem, Severity

__all__ = ["Channel", "Delivery", "Entry", "Incident", "IncidentAlert", "IncidentSystem", "Severity"]
