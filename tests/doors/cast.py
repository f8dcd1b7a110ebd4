"""Who asks, what each kind of people may, and what is sent."""

from mlops_portal.engine.plain_yaml import parse_yaml
from tests.systems.contracts import CONTRACT

ANONYMOUS = "anonymous"
SIGNED_IN = {
    *("viewer", "data_scientist", "on_call", "holder", "deputy", "teammate", "stranger", "manager", "administrator"),
}
KINDS = [ANONYMOUS, *sorted(SIGNED_IN)]

# Who may, of the cast: the stranger is a data scientist of no team, the teammate a viewer of the system's team.
MAY = {
    "read": SIGNED_IN,
    "token.own": SIGNED_IN,
    "view.own": SIGNED_IN,
    "components.read": SIGNED_IN,
    "system.register": {"data_scientist", "stranger", "manager"},
    "system.edit": {"data_scientist", "manager"},
    "answer.write": {"data_scientist", "holder", "deputy", "manager"},
    "review": {"manager"},
    "role.assign": {"manager"},
    "role.own": SIGNED_IN,
    "interval.set": {"administrator", "manager"},
    "role.confirm": {"holder", "deputy"},
    "incident.declare": SIGNED_IN,
    "runbook.write": {"data_scientist", "holder", "deputy", "manager"},
    "version.record": {"data_scientist", "manager"},
    "feed.add": {"data_scientist", "stranger", "manager"},
    "feed.edit": {"on_call", "manager"},  # the feed is of the on-call engineer
    "contract.confirm": {"holder", "deputy", "manager"},
    "phase.decide": {"holder", "deputy", "manager"},
    "plan.write": {"data_scientist", "holder", "deputy", "manager"},
    "incident.act": {"on_call", "holder", "deputy", "manager"},
    "alert.act": {"on_call", "holder", "deputy", "manager"},
    "maintenance.plan": {"on_call", "holder", "deputy", "manager"},
    "people.manage": {"administrator"},
    "audit.read": {"administrator", "manager"},
}
SEES_RESTRICTED = {"data_scientist", "teammate", "holder", "deputy", "manager"}

SECRET = "xyzzy"  # the word in every text of a system that is hidden
METRIC = 900_001  # its number, beyond those that the database gives out by itself
LOG = {
    "system": "churn",
    "kind": "prediction_log",
    "name": "Log",
    "settings": {"predictions": "churn.csv", "task": "binary", "columns": {"at": "at", "prediction": "answer"}},
}

# A right body for each action that takes one, so that who may gets the status of success.
BODIES = {
    "api:people post": {"username": "newcomer"},
    "api:person patch": {"name": "Somebody"},
    "api:teams post": {"slug": "new-team", "name": "New team"},
    "api:tokens post": {"scopes": ["read"]},
    "api:systems post": {"slug": "new-system", "name": "New", "team": "growth"},
    "api:system patch": {"name": "Other name"},
    "api:system-question put": {"text": "The last value.", "confidence": "confident"},
    "api:review post": {"decision": "approved"},
    "api:waiver post": {"reason": "Late.", "control": "By hand.", "until": "2100-01-01T00:00:00Z"},
    "api:waiver-decide post": {"grant": True},
    "api:owner put": {"person": "viewer"},
    "api:roles-confirm post": {"roles": [{"system": "churn", "role": "product_owner"}]},
    "api:person-hand-over post": {"roles": [{"system": "churn", "role": "product_owner", "to": "viewer"}]},
    "api:incidents post": {"title": "Wrong", "systems": ["churn"], "severity": "sev3", "noticed_how": "other"},
    "api:incident patch": {"title": "Wrong again"},
    "api:sources post": LOG,
    "api:sources-test post": LOG,
    "api:source patch": {"interval_s": 300},
    "api:source-backfill post": {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"},
    "api:metrics post": {"system": "churn", "key": "recall", "unit": "", "kind": "quality", "direction": "higher"},
    "api:metric patch": {"name": "Hits"},
    "api:versions post": {"name": "2.0"},
    "api:deployments post": {"version": "1.0"},
    "api:retraining put": {"policy": "On the last year.", "who": "The model owner", "every_days": 90},
    "api:retraining-runs post": {"cause": "drift"},
    "api:retraining-run-answer post": {"version": "1.0"},
    "api:runbook put": {"body": "- [ ] Look at the queue."},
    "api:phase post": {"to": "research"},
    "api:feed put": {"name": "Events", "owner": "on-call", "arrival": "stream", "freshness_s": 60},
    "api:contract put": parse_yaml(CONTRACT.encode()),
    "api:contract-confirm post": {"n": 1},
    "api:dependencies put": {"systems": [], "feeds": ["events"]},
    "api:drills post": {"situation": "feed_unavailable", "result": "passed"},
    "api:ingest post": {"points": []},
    "api:phase-plan put": {"planned_from": "2026-03-01", "budget": {"amount": "12.50", "currency": "EUR"}},
    "api:money post": {
        "phase": "research",
        "kind": "spent",
        "on": "2026-03-01",
        "amount": "12.50",
        "currency": "EUR",
    },
    "api:monitors post": {"metric": str(METRIC), "kind": "limit", "severity": "critical", "settings": {"below": 0.7}},
    "api:monitor patch": {"severity": "critical"},
    "api:alert-snooze post": {"until": None},
    "api:alert-feedback post": {"real": True},
    "api:alert-answer post": {"expected": True},
    "api:maintenances post": {
        "system": "churn",
        "to": "2100-01-01T00:00:00Z",
        "from": "2099-12-31T00:00:00Z",
        "why": "It moves.",
    },
    "api:system-spec put": {"version": 1},
    "api:resolve post": {"text": "Restarted."},
    "api:timeline post": {"text": "Looked at it."},
}
