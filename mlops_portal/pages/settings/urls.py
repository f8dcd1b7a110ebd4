"""Pages under /settings/."""

from django.urls import path

from mlops_portal.pages.settings import account, audit, health, intervals, people, tabs, teams, tokens

app_name = "settings"
urlpatterns = [
    path("", tabs.home, name="home"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<slug:prefix>/revoke/", tokens.revoke, name="token-revoke"),
    path("people/", people.people, name="people"),
    path("add-person/", people.add, name="person-add"),
    path("people/<str:username>/", people.person, name="person"),
    path("people/<str:username>/link/", people.link, name="person-link"),
    path("people/<str:username>/deactivate/", people.deactivate, name="person-deactivate"),
    path("people/<str:username>/reactivate/", people.reactivate, name="person-reactivate"),
    path("teams/", teams.teams, name="teams"),
    path("add-team/", teams.add, name="team-add"),
    path("teams/<slug:slug>/", teams.team, name="team"),
    path("teams/<slug:slug>/members/<str:username>/leave/", teams.leave, name="team-leave"),
    path("intervals/", intervals.intervals, name="intervals"),
    path("audit/", audit.audit, name="audit"),
    path("health/", health.health, name="health"),
    path("account/", account.account, name="account"),
]
