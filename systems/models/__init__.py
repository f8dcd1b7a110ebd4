"""The registry's tables, one model a file."""

from systems.models.condition import Condition, Level, StatusSpan
from systems.models.holding import Holding, Role
from systems.models.notice import Notice
from systems.models.outcome import Outcome
from systems.models.person import Group, Person
from systems.models.system import Phase, System
from systems.models.team import Membership, Team
from systems.models.token import Scope, Token

__all__ = [
    "Condition",
    "Group",
    "Holding",
    "Level",
    "Membership",
    "Notice",
    "Outcome",
    "Person",
    "Phase",
    "Role",
    "Scope",
    "StatusSpan",
    "System",
    "Team",
    "Token",
]
