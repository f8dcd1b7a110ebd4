"""The registry's tables, one model a file."""

from systems.models.answer import Answer, Confidence, Decision, Review, Waiver
from systems.models.applied_spec import AppliedSpec
from systems.models.checklist import Checklist, ChecklistVersion, Item, Topic
from systems.models.condition import Condition, Level, StatusSpan
from systems.models.dependency import Dependency
from systems.models.drill import Drill
from systems.models.feed import Arrival, Confirmation, Contract, Feed
from systems.models.hand_over import HandOver
from systems.models.holding import Holding, Role
from systems.models.interval import Interval, interval_of
from systems.models.model_version import PRODUCTION, Deployment, ModelVersion
from systems.models.notice import Notice
from systems.models.old_slug import OldSlug
from systems.models.outcome import Because, Outcome
from systems.models.person import Group, Person
from systems.models.phase import PHASE_ORDER, PHASES_IN_USE, Phase, Scoped
from systems.models.phase_move import PhaseMove
from systems.models.phase_plan import Money, PhasePlan
from systems.models.retraining import Retraining, RetrainingRun
from systems.models.runbook import ExpectedRange, Runbook, RunbookVersion, Situation
from systems.models.saved_view import SavedView
from systems.models.system import System, Verdict
from systems.models.team import Membership, Team
from systems.models.token import Scope, Token

__all__ = [
    "PHASES_IN_USE",
    "PHASE_ORDER",
    "PRODUCTION",
    "Answer",
    "AppliedSpec",
    "Arrival",
    "Because",
    "Checklist",
    "ChecklistVersion",
    "Condition",
    "Confidence",
    "Confirmation",
    "Contract",
    "Decision",
    "Dependency",
    "Deployment",
    "Drill",
    "ExpectedRange",
    "Feed",
    "Group",
    "HandOver",
    "Holding",
    "Interval",
    "Item",
    "Level",
    "Membership",
    "ModelVersion",
    "Money",
    "Notice",
    "OldSlug",
    "Outcome",
    "Person",
    "Phase",
    "PhaseMove",
    "PhasePlan",
    "Retraining",
    "RetrainingRun",
    "Review",
    "Role",
    "Runbook",
    "RunbookVersion",
    "SavedView",
    "Scope",
    "Scoped",
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
