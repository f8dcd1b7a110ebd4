"""Addresses of the registry under /api/v1/."""

from django.urls import path, register_converter
from django.urls.converters import SlugConverter, StringConverter

from systems.api.feeds import Confirmations, Contracts, Dependencies, Drills, Feeds
from systems.api.owners import Confirmations as RoleConfirmations
from systems.api.owners import Held, Owners
from systems.api.people import Me, Members, Notices, People, Teams, Tokens
from systems.api.plans import MoneyEntries, PhasePlans
from systems.api.portfolio import Portfolio
from systems.api.promises import Deployments, Moves, RetrainingPlan, RunbookText, RunbookVersions, Runs, Versions
from systems.api.readiness import Checklists, GateView, Readiness, Reviews
from systems.api.reports import DueDrills, Gaps
from systems.api.systems import Audit, Checks, History, Status, Systems
from systems.models import PHASE_ORDER, Role, Situation

READ = {"get": "list"}
READ_PUT = {"get": "retrieve", "put": "update"}
READ_ADD = {"get": "list", "post": "create"}


class RoleConverter(SlugConverter):
    regex = "|".join(Role.values)


class SituationConverter(SlugConverter):
    regex = "|".join(Situation.values)


class PhaseConverter(SlugConverter):
    regex = "|".join(PHASE_ORDER)


class UsernameConverter(StringConverter):
    regex = "[A-Za-z0-9_.@+-]{1,60}"


register_converter(RoleConverter, "role")
register_converter(SituationConverter, "situation")
register_converter(PhaseConverter, "phase")
register_converter(UsernameConverter, "username")

urlpatterns = [
    path("me/", Me.as_view({"get": "retrieve"}), name="me"),
    path("people/", People.as_view(READ_ADD), name="people"),
    path("people/<username:username>/", People.as_view({"get": "retrieve", "patch": "partial_update"}), name="person"),
    path("people/<username:username>/roles/", Held.as_view({"get": "retrieve"}), name="person-roles"),
    path("people/<username:username>/hand-over/", Held.as_view({"post": "hand_over"}), name="person-hand-over"),
    path("roles/confirm/", RoleConfirmations.as_view({"post": "create"}), name="roles-confirm"),
    path("teams/", Teams.as_view(READ_ADD), name="teams"),
    path("teams/<slug:slug>/", Teams.as_view({"get": "retrieve"}), name="team"),
    path(
        "teams/<slug:slug>/members/<username:username>/",
        Members.as_view({"put": "update", "delete": "destroy"}),
        name="member",
    ),
    path("tokens/", Tokens.as_view(READ_ADD), name="tokens"),
    path("tokens/<slug:prefix>/", Tokens.as_view({"get": "retrieve", "delete": "destroy"}), name="token"),
    path("systems/", Systems.as_view(READ_ADD), name="systems"),
    path(
        "systems/<slug:slug>/",
        Systems.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="system",
    ),
    path("systems/<slug:slug>/status/", Status.as_view(READ), name="system-status"),
    path("systems/<slug:slug>/history/", History.as_view(READ), name="system-history"),
    path("systems/<slug:slug>/readiness/", Readiness.as_view({"get": "list"}), name="system-readiness"),
    path(
        "systems/<slug:slug>/readiness/<slug:question>/",
        Readiness.as_view({"get": "retrieve", "put": "update"}),
        name="system-question",
    ),
    path("systems/<slug:slug>/readiness/<slug:question>/review/", Readiness.as_view({"post": "review"}), name="review"),
    path("systems/<slug:slug>/readiness/<slug:question>/waiver/", Readiness.as_view({"post": "waiver"}), name="waiver"),
    path(
        "systems/<slug:slug>/readiness/<slug:question>/waiver/decide/",
        Readiness.as_view({"post": "decide"}),
        name="waiver-decide",
    ),
    path("systems/<slug:slug>/gate/", GateView.as_view({"get": "retrieve"}), name="system-gate"),
    path("reviews/", Reviews.as_view({"get": "list"}), name="reviews"),
    path("checklists/", Checklists.as_view({"get": "list"}), name="checklists"),
    path("checklists/<slug:checklist>/", Checklists.as_view({"get": "retrieve"}), name="checklist"),
    path("systems/<slug:slug>/checks/", Checks.as_view(READ), name="system-checks"),
    path(
        "systems/<slug:slug>/owners/<role:role>/",
        Owners.as_view({"get": "retrieve", "put": "update"}),
        name="owner",
    ),
    path("systems/<slug:slug>/owners/<role:role>/confirm/", Owners.as_view({"post": "confirm"}), name="owner-confirm"),
    path("systems/<slug:slug>/owners/<role:role>/empty/", Owners.as_view({"post": "empty"}), name="owner-empty"),
    path(
        "systems/<slug:slug>/owners/<role:role>/take-back/",
        Owners.as_view({"post": "take_back"}),
        name="owner-take-back",
    ),
    path("systems/<slug:slug>/versions/", Versions.as_view(READ_ADD), name="versions"),
    path("systems/<slug:slug>/versions/<int:model_version>/", Versions.as_view({"get": "retrieve"}), name="version"),
    path("systems/<slug:slug>/deployments/", Deployments.as_view(READ_ADD), name="deployments"),
    path(
        "systems/<slug:slug>/deployments/<int:deployment>/", Deployments.as_view({"get": "retrieve"}), name="deployment"
    ),
    path(
        "systems/<slug:slug>/retraining/",
        RetrainingPlan.as_view({"get": "retrieve", "put": "update"}),
        name="retraining",
    ),
    path("systems/<slug:slug>/retraining/runs/", Runs.as_view(READ_ADD), name="retraining-runs"),
    path("systems/<slug:slug>/retraining/runs/<int:run>/", Runs.as_view({"get": "retrieve"}), name="retraining-run"),
    path(
        "systems/<slug:slug>/retraining/runs/<int:run>/answer/",
        Runs.as_view({"post": "answered"}),
        name="retraining-run-answer",
    ),
    path(
        "systems/<slug:slug>/runbook/<situation:situation>/",
        RunbookText.as_view({"get": "retrieve", "put": "update"}),
        name="runbook",
    ),
    path(
        "systems/<slug:slug>/runbook/<situation:situation>/confirm/",
        RunbookText.as_view({"post": "confirm"}),
        name="runbook-confirm",
    ),
    path(
        "systems/<slug:slug>/runbook/<situation:situation>/versions/",
        RunbookVersions.as_view(READ),
        name="runbook-versions",
    ),
    path("systems/<slug:slug>/phase/", Moves.as_view(READ_ADD), name="phase"),
    path(
        "systems/<slug:slug>/phases/<phase:phase>/",
        PhasePlans.as_view({"get": "retrieve", "put": "update"}),
        name="phase-plan",
    ),
    path("systems/<slug:slug>/money/", MoneyEntries.as_view(READ_ADD), name="money"),
    path(
        "systems/<slug:slug>/money/<int:money>/",
        MoneyEntries.as_view({"get": "retrieve", "delete": "destroy"}),
        name="money-entry",
    ),
    path("systems/<slug:slug>/dependencies/", Dependencies.as_view(READ_PUT), name="dependencies"),
    path("systems/<slug:slug>/drills/", Drills.as_view(READ_ADD), name="drills"),
    path("systems/<slug:slug>/drills/<int:drill>/", Drills.as_view({"get": "retrieve"}), name="drill"),
    path(
        "systems/<slug:slug>/feeds/<slug:feed>/confirm/",
        Confirmations.as_view({"post": "create"}),
        name="contract-confirm",
    ),
    path("feeds/", Feeds.as_view(READ), name="feeds"),
    path("feeds/<slug:feed>/", Feeds.as_view(READ_PUT | {"delete": "destroy"}), name="feed"),
    path("feeds/<slug:feed>/contract/", Contracts.as_view(READ_PUT), name="contract"),
    path("notices/", Notices.as_view(READ), name="notices"),
    path("notices/<int:pk>/", Notices.as_view({"get": "retrieve"}), name="notice"),
    path("notices/<int:pk>/read/", Notices.as_view({"post": "read"}), name="notice-read"),
    path("reports/portfolio/", Portfolio.as_view({"get": "retrieve"}), name="report-portfolio"),
    path("reports/gaps/", Gaps.as_view(READ), name="report-gaps"),
    path("reports/drills/", DueDrills.as_view(READ), name="report-drills"),
    path("audit/", Audit.as_view(READ), name="audit"),
]
