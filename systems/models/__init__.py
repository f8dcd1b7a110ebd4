"""The registry's tables, one model a file."""

from systems.models.answer import Answer, Confidence, Decision, Review, Waiver
from systems.models.applied_spec import AppliedSpec
from systems.models.checklist import Checklist, ChecklistVersion, Item, Topic
from systems.models.condition import Condition, Level, StatusSpan
from systems.models.holding import Holding, Role
from systems.models.interval import Interval, interval_of
from systems.models.model_version import PRODUCTION, Deployment, ModelVersion
from systems.models.notice import Notice
from systems.models.old_slug import OldSlug
from systems.models.outcome import Because, Outcome
from systems.models.person import Group, Person
from systems.models.phase_move import PhaseMove
from systems.models.retraining import Retraining, RetrainingRun
from systems.models.runbook import ExpectedRange, Runbook, RunbookVersion, Situation
from systems.models.system import Phase, System, Verdict
from systems.models.team import Membership, Team
from systems.models.token import Scope, Token

__all__ = [
    "PRODUCTION",
    "Answer",
    "AppliedSpec",
    "Because",
    "Checklist",
    "ChecklistVersion",
    "Condition",
    "Confidence",
    "Decision",
    "Deployment",
    "ExpectedRange",
    "Group",
    "Holding",
    "Interval",
    "Item",
    "Level",
    "Membership",
    "ModelVersion",
    "Notice",
    "OldSlug",
    "Outcome",
    "Person",
    "Phase",
    "PhaseMove",
    "Retraining",
    "RetrainingRun",
    "Review",
    "Role",
    "Runbook",
    "RunbookVersion",
    "Scope",
    "Situation",
    "StatusSpan",
    "System",
    "Team",
    "Token",
    "Topic",
    "Verdict",
    "Waiver",
    "interval_of",
]
