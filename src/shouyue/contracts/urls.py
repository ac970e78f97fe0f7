"""Routes."""

from __future__ import annotations

from django.urls import URLPattern, path

from shouyue.contracts.views import changes, drafts, lists, page, proposals, versions

app_name = "contracts"

urlpatterns: list[URLPattern] = [
    path("contracts/", lists.contracts, name="contracts"),
    path("contracts/export.csv", lists.export, name="export"),
    path("contracts/new/", changes.create, name="new"),
    path("contracts/expiries/", lists.expiries, name="expiries"),
    path("contracts/<str:code>/", page.show, name="contract"),
    path("contracts/<str:code>/edit/", changes.edit, name="edit"),
    path("contracts/<str:code>/people/", page.people, name="people"),
    path("contracts/<str:code>/members/add/", changes.add_member, name="add_member"),
    path(
        "contracts/<str:code>/members/<int:membership_id>/remove/",
        changes.remove_member,
        name="remove_member",
    ),
    path("contracts/<str:code>/sites/set/", changes.set_site, name="set_site"),
    path("contracts/<str:code>/sites/<int:site_id>/remove/", changes.remove_site, name="remove_site"),
    path("contracts/<str:code>/milestones/reach/", changes.reach_milestone, name="reach_milestone"),
    path("contracts/<str:code>/responsibilities/set/", changes.set_responsibility, name="set_responsibility"),
    path(
        "contracts/<str:code>/responsibilities/<int:responsibility_id>/remove/",
        changes.remove_responsibility,
        name="remove_responsibility",
    ),
    path("contracts/<str:code>/versions/store/", versions.store, name="store_version"),
    path("contracts/<str:code>/versions/<int:number>/", versions.show, name="version"),
    path("contracts/<str:code>/versions/<int:number>/plan.yaml", versions.download, name="version_text"),
    path("contracts/<str:code>/versions/<int:number>/apply/", versions.apply, name="apply_version"),
    path("contracts/<str:code>/drafts/new/", drafts.create, name="new_draft"),
    path("contracts/<str:code>/drafts/<int:draft_id>/", drafts.edit, name="draft"),
    path("contracts/<str:code>/drafts/<int:draft_id>/check/", drafts.check, name="check_draft"),
    path("contracts/<str:code>/drafts/<int:draft_id>/compare/", drafts.compare, name="compare_draft"),
    path("contracts/<str:code>/drafts/<int:draft_id>/propose/", drafts.propose, name="propose_draft"),
    path("contracts/<str:code>/drafts/<int:draft_id>/delete/", drafts.delete, name="delete_draft"),
    path("contracts/<str:code>/proposals/<int:proposal_id>/", proposals.show, name="proposal"),
    path("contracts/<str:code>/proposals/<int:proposal_id>/approve/", proposals.approve, name="approve_plan"),
    path("contracts/<str:code>/proposals/<int:proposal_id>/refuse/", proposals.refuse, name="refuse_plan"),
    path(
        "contracts/<str:code>/proposals/<int:proposal_id>/withdraw/", proposals.withdraw, name="withdraw_plan"
    ),
    path("contracts/<str:code>/<slug:tab>/", page.show, name="tab"),
]
