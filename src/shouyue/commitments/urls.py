"""Routes."""

from __future__ import annotations

from django.urls import URLPattern, path

from . import (
    calendar_views,
    closing_views,
    correcting_views,
    evidence_views,
    objection_views,
    outlook_views,
    pack_views,
    replay_views,
    views,
)

app_name = "commitments"

urlpatterns: list[URLPattern] = [
    path("promises/", views.boards, name="boards"),
    path("promises/mine/", outlook_views.mine, name="mine"),
    path("promises/calendar/", outlook_views.calendar, name="calendar"),
    path("promises/calendar/feed/issue/", outlook_views.issue_feed, name="issue_feed"),
    path("promises/calendar/feed/revoke/", outlook_views.revoke_feed, name="revoke_feed"),
    path("promises/calendar/<str:secret>.ics", outlook_views.feed, name="feed"),
    path("promises/heat/", outlook_views.heat, name="heat"),
    path("obligations/<int:obligation_id>/attest/", calendar_views.attest, name="attest"),
    path("promises/<str:code>/", views.show_board, name="board"),
    path("promises/<str:code>/trend/<str:name>/", outlook_views.trend, name="trend"),
    path("promises/<str:code>/export.csv", views.export_board, name="export_board"),
    path("promises/<str:code>/evidence/of/<str:name>/", evidence_views.of_promise, name="promise_evidence"),
    path("promises/<str:code>/replay/", replay_views.show, name="replay"),
    path("replays/<int:replay_id>/", replay_views.replayed, name="replayed"),
    path("replays/<int:replay_id>/delete/", replay_views.delete, name="delete_replay"),
    path("obligations/", views.obligations, name="obligations"),
    path("obligations/export.csv", views.export_obligations, name="export_obligations"),
    path("obligations/<int:obligation_id>/", views.obligation, name="obligation"),
    path("obligations/<int:obligation_id>/evidence/", evidence_views.of_obligation, name="evidence"),
    path("obligations/<int:obligation_id>/correct/", correcting_views.correct, name="correct"),
    path("obligations/<int:obligation_id>/waive/", objection_views.waive, name="waive"),
    path("obligations/<int:obligation_id>/dispute/", objection_views.dispute, name="dispute"),
    path("objections/", objection_views.objections, name="objections"),
    path("objections/<int:objection_id>/", objection_views.objection, name="objection"),
    path("objections/<int:objection_id>/<slug:slug>/", objection_views.decide, name="decide_objection"),
    path("promises/<str:code>/periods/", closing_views.periods, name="periods"),
    path("promises/<str:code>/periods/close/", closing_views.close, name="close_period"),
    path("promises/<str:code>/score/", closing_views.score, name="score"),
    path("promises/<str:code>/score.csv", closing_views.export_score, name="export_score"),
    path("periods/<int:closing_id>/", closing_views.closing, name="closing"),
    path("periods/<int:closing_id>/<slug:slug>/", closing_views.reopen, name="reopen"),
    path("promises/<str:code>/evidence/", pack_views.packs, name="packs"),
    path("promises/<str:code>/evidence/make/", pack_views.make, name="make_pack"),
    path("evidence/<int:pack_id>/", pack_views.pack, name="pack"),
]
