"""The rules of systems/access.py at the doors of the API."""

from mlops_portal.engine.api.permissions import AtTheDoor
from systems.access import RULES, may


class ByRule(AtTheDoor):
    def is_about_a_thing(self, rule: str) -> bool:
        return bool(RULES[rule].about)

    def refusal(self, person, rule: str, thing) -> str:
        return "" if may(person, rule, thing) else f"You may not do this. Who may: {RULES[rule].sentence}"
