"""Every address of the portal."""

from allauth.account import views as account
from django.urls import include, path, re_path

from mlops_portal.pages import components, file, health, history, metrics, spec, system, systems, views
from systems.doors import public, rule
from systems.urls import feed_urls, review_urls, role_urls, view_urls
from systems.views import portfolio, reports

handler400 = "mlops_portal.pages.errors.bad_request"
handler403 = "mlops_portal.pages.errors.forbidden"
handler404 = "mlops_portal.pages.errors.not_found"
handler500 = "mlops_portal.pages.errors.broken"

# Of allauth only what the portal offers: nobody signs up or resets a password without an administrator.
account_urls = [
    path("login/", public("Here one signs in.")(account.login), name="account_login"),
    path("logout/", public("Whoever is out already is shown the way in.")(account.logout), name="account_logout"),
    path("inactive/", public("Says that an account is closed.")(account.account_inactive), name="account_inactive"),
    path("password/change/", rule("read")(account.password_change), name="account_change_password"),
    path("password/set/", rule("read")(account.password_set), name="account_set_password"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        public("The key in the address is the proof.")(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/done/",
        public("Says that the password was set.")(account.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
]

# The list and a system's own page gather all floors; the rest the registry brings by itself.
system_urls = [
    path("systems/", systems.list_page, name="list"),
    path("systems/new/file/", file.register, name="register-file"),
    path("systems/", include("systems.urls")),
    path("systems/<slug:slug>/file/", file.change, name="file"),
    path("systems/<slug:slug>/mlsystem.yaml", spec.download, name="spec"),
    path("systems/<slug:slug>/history/", history.history, name="history"),
    path("systems/<slug:slug>/model-card.md", spec.card, name="card"),
    path("systems/<slug:slug>/", system.detail, name="detail"),
    path("feeds/", include(feed_urls)),
    path("reviews/", include(review_urls)),
    path("views/", include(view_urls)),
    path("", include(role_urls)),
]

# On a metric's page the incidents stand beside what the machines see; the rest monitoring brings by itself.
monitoring_urls = [
    path("systems/<slug:slug>/metrics/<str:key>/", metrics.metric, name="metric"),
    path("systems/<slug:slug>/metrics/<str:key>/figure/", metrics.figure, name="figure"),
    path("systems/<slug:slug>/metrics/<str:key>/backtest/", metrics.backtest, name="backtest"),
    path("", include("monitoring.urls")),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("notices/read/", views.read_notices, name="read-notices"),
    path("", include((system_urls, "systems"))),
    path("", include((monitoring_urls, "monitoring"))),
    path("", include("incidents.urls")),
    path("reports/portfolio/", portfolio.portfolio, name="report-portfolio"),
    path("reports/gaps/", reports.gaps, name="report-gaps"),
    path("reports/drills/", reports.drills, name="report-drills"),
    path("accounts/", include(account_urls)),
    path("api/", include("mlops_portal.api")),
    path("settings/", include("mlops_portal.pages.settings.urls")),
    path("components/", components.components, name="components"),
    path("healthz/live", health.live, name="healthz-live"),
    path("healthz/ready", health.ready, name="healthz-ready"),
    path("healthz/pipeline", health.pipeline, name="healthz-pipeline"),
    path("metrics", health.metrics, name="metrics"),
]
