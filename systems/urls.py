"""Pages about one system that the registry brings by itself; the roof adds the list and the system's own page."""

from django.urls import path

from systems.views import (
    contracts,
    dependencies,
    drills,
    editing,
    feeds,
    handing_over,
    kept,
    ownership,
    phases,
    plans,
    readiness,
    retraining,
    reviews,
    runbooks,
    versions,
)

urlpatterns = [
    path("new/", editing.register, name="register"),
    path("<slug:slug>/edit/", editing.edit, name="edit"),
    path("<slug:slug>/retire/", editing.retire, name="retire"),
    path("<slug:slug>/owners/<slug:role>/", ownership.owner, name="owner"),
    path("<slug:slug>/owners/<slug:role>/confirm/", ownership.confirm, name="confirm"),
    path("<slug:slug>/owners/<slug:role>/empty/", ownership.empty, name="owner-empty"),
    path("<slug:slug>/owners/<slug:role>/take-back/", ownership.call_off, name="owner-take-back"),
    path("<slug:slug>/readiness/", readiness.readiness, name="readiness"),
    path("<slug:slug>/readiness/<slug:question>/", readiness.question, name="question"),
    path("<slug:slug>/readiness/<slug:question>/waiver/", readiness.waiver, name="waiver"),
    path("<slug:slug>/runbook/ranges/", runbooks.ranges, name="runbook-ranges"),
    path("<slug:slug>/runbook/<slug:situation>/", runbooks.runbook, name="runbook"),
    path("<slug:slug>/runbook/<slug:situation>/confirm/", runbooks.confirm, name="runbook-confirm"),
    path("<slug:slug>/deployments/", versions.deployments, name="deployments"),
    path("<slug:slug>/retraining/", retraining.retraining, name="retraining"),
    path("<slug:slug>/phase/", phases.phase, name="phase"),
    path("<slug:slug>/phases/<slug:phase>/", plans.plan, name="phase-plan"),
    path("<slug:slug>/phases/<slug:phase>/money/<int:money>/remove/", plans.remove, name="money-remove"),
    path("<slug:slug>/dependencies/", dependencies.dependencies, name="dependencies"),
    path("<slug:slug>/drills/", drills.drills, name="drills"),
    path("<slug:slug>/feeds/<slug:feed>/confirm/", contracts.confirm, name="contract-confirm"),
]

feed_urls = [
    path("", feeds.feeds, name="feeds"),
    path("new/", feeds.add, name="feed-add"),
    path("<slug:feed>/", feeds.feed, name="feed"),
    path("<slug:feed>/edit/", feeds.edit, name="feed-edit"),
    path("<slug:feed>/retire/", feeds.retire, name="feed-retire"),
    path("<slug:feed>/contract/", contracts.contract, name="contract"),
    path("<slug:feed>/contract.yaml", contracts.download, name="contract-file"),
]

role_urls = [
    path("roles/", handing_over.mine, name="mine"),
    path("people/<str:username>/leaving/", handing_over.leaving, name="leaving"),
]

view_urls = [
    path("keep/", kept.keep, name="view-keep"),
    path("<int:view>/forget/", kept.forget, name="view-forget"),
]

review_urls = [
    path("", reviews.reviews, name="reviews"),
    path("answers/<int:answer>/", reviews.review, name="review"),
    path("waivers/<int:waiver>/", reviews.decide, name="decide-waiver"),
]
