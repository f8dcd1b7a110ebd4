"""The bank of questions that comes with the portal, and the checklist that asks them: *Launch readiness*.

Each names the checks that count as its evidence; one that is not declared yet counts as not known.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from systems.models import Checklist, ChecklistVersion, Item, Role, Topic

LAUNCH = "launch-readiness"
ALL_TIERS = (1, 2, 3, 4)
ANNOUNCED_FOR = timedelta(days=30)
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)  # the first version holds for whatever is older than it

# The role whose holder is asked for the answers of a topic.
ROLE_OF_TOPIC = {
    Topic.DATA: Role.DATA_OWNER,
    Topic.QUALITY: Role.MODEL_OWNER,
    Topic.RETRAINING: Role.MODEL_OWNER,
    Topic.RESILIENCE: Role.SERVICE_OWNER,
    Topic.ERRORS: Role.OPERATIONS_OWNER,
    Topic.OWNERSHIP: Role.PRODUCT_OWNER,
    Topic.PHASES: Role.PRODUCT_OWNER,
}


@dataclass(frozen=True)
class Question:
    question_key: str
    topic: str
    title: str
    text: str
    guidance: str
    checks: tuple[str, ...] = ()
    tiers: tuple[int, ...] = ALL_TIERS
    required: bool = True


LAUNCH_QUESTIONS = [
    Question(
        "data_received",
        Topic.DATA,
        "Data feed",
        "How does it receive the data for its predictions, and in what format?",
        "Name where it comes from, who sends it, on request, as a stream or on a schedule, the format with its "
        "columns and units, and how old the data may be. Say how live data differs from what the model was trained on.",
        ("feeds_described", "sources_answer", "data_format_stable", "role_filled_data_owner"),
    ),
    Question(
        "quality_monitored",
        Topic.QUALITY,
        "Quality watch",
        "How is the quality of its predictions monitored after launch?",
        "Say which figure is watched, where the true outcomes come from and how late they arrive, what counts as bad, "
        "and who is told. A test set measured once is not monitoring.",
        ("quality_watched", "quality_holds", "alerts_reach_somebody"),
    ),
    Question(
        "baseline",
        Topic.QUALITY,
        "Baseline",
        "What is good enough, and what is it compared with?",
        "Give the figure that the experiment reached, on which data, what the business needs at the least, and how "
        "well the simplest alternative does.",
        ("quality_baseline",),
    ),
    Question(
        "errors",
        Topic.ERRORS,
        "Errors",
        "When it errs: who notices, and what do they do?",
        "Name who sees a wrong prediction first, how they report it, what happens to the affected cases, and who "
        "decides to switch the model off or go back to the version before.",
        ("runbook_model_errs", "alerts_reach_somebody"),
    ),
    Question(
        "retraining",
        Topic.RETRAINING,
        "Retraining",
        "When is it trained again, and how is that planned?",
        "Say how often or upon what sign, with which data, who does it, how the new version is compared with the one "
        "that runs, and when the next time is due.",
        ("retraining_planned", "retraining_in_time"),
    ),
    Question(
        "feed_unavailable",
        Topic.RESILIENCE,
        "Feed outage",
        "What happens when its data feed is unavailable?",
        "Say what users get meanwhile (the last value, a rule, nothing), for how long that is acceptable, who notices, "
        "and what is done when the data comes back.",
        ("runbook_feed_unavailable", "drill_feed_unavailable"),
    ),
    Question(
        "load",
        Topic.RESILIENCE,
        "Load",
        "How does it behave under load?",
        "Give the rate that is expected, the highest that was tried and when, what happens beyond it, and what a user "
        "waits at most.",
        ("runbook_load", "drill_load"),
        tiers=(1, 2, 3),
    ),
    Question(
        "anomalous_input",
        Topic.RESILIENCE,
        "Odd input",
        "What does it do with input that is missing, malformed or far from what it has seen?",
        "Say what is checked before a prediction is made, what is answered instead of one, and where such cases are "
        "counted.",
        ("runbook_anomalous_input", "drill_anomalous_input"),
    ),
    Question(
        "responsible",
        Topic.OWNERSHIP,
        "Responsible people",
        "Who is responsible for it after launch?",
        "Name who answers for the product, the model, the service, the data and the operations, who stands in for "
        "them, and how they share the work. A team's name is not enough.",
        tuple(f"role_filled_{role}" for role in Role),
    ),
    Question(
        "phases",
        Topic.PHASES,
        "Phases and budget",
        "Are engineering and operations scoped with budget and dates, or only the research?",
        "Give for each of the three phases from when to when, what it may cost, and how one knows that it is done. Who "
        "pays for operations next year?",
        ("purpose_written", "phases_scoped"),
        tiers=(1, 2, 3),
    ),
]


@transaction.atomic
def seed_checklists() -> None:
    """Make sure that *Launch readiness* stands as this release has it; called after every migration.

    What a person has published stays: only a version that came with the portal gives way to a newer one, and that is
    announced before it counts: what it asks for in addition ends no verdict on the day of an upgrade.
    """
    launch, _ = Checklist.objects.get_or_create(key=LAUNCH, defaults={"title": "Launch readiness"})
    Checklist.objects.select_for_update().get(pk=launch.pk)
    newest = launch.versions.order_by("-n").first()
    if newest and (newest.published_by_id or _as_facts(newest) == [_facts(one) for one in LAUNCH_QUESTIONS]):
        return
    n, since = (newest.n + 1, timezone.now() + ANNOUNCED_FOR) if newest else (1, ALWAYS)
    version = ChecklistVersion.objects.create(checklist=launch, n=n, in_force_from=since)
    questions = enumerate(LAUNCH_QUESTIONS, start=1)
    Item.objects.bulk_create(Item(checklist_version=version, position=p, **_facts(one)) for p, one in questions)


def _facts(question: Question) -> dict:
    facts = asdict(question)
    return facts | {"checks": list(question.checks), "tiers": list(question.tiers), "topic": str(question.topic)}


def _as_facts(version: ChecklistVersion) -> list[dict]:
    return list(version.items.order_by("position").values(*Question.__dataclass_fields__))
