"""Routes."""

from __future__ import annotations

from django.urls import URLPattern, path

from . import gateway_views, outside_views, views

app_name = "notifications"

urlpatterns: list[URLPattern] = [
    path("notices/", views.notices, name="notices"),
    path("notices/mark-all-read/", views.mark_all_read, name="mark_all_read"),
    path("notices/preferences/", views.preferences, name="preferences"),
    path("notices/<int:notice_id>/", views.digest, name="digest"),
    path("notices/<int:notice_id>/open/", views.open_notice, name="open"),
    path("notices/<int:notice_id>/take-on/", views.take_on, name="take_on"),
    path("notices/<int:notice_id>/hand-on/", views.hand_on, name="hand_on"),
    path("deliveries/", views.deliveries, name="deliveries"),
    path("deliveries/retry/", views.retry_all, name="retry_all"),
    path("deliveries/<int:notice_id>/", views.delivery, name="delivery"),
    path("deliveries/<int:notice_id>/retry/", views.retry, name="retry"),
    path("calls/", views.calls, name="calls"),
    path("calls/settle/", views.settle_call, name="settle_call"),
    path("channels/", gateway_views.channels, name="channels"),
    path("channels/create/", gateway_views.create, name="create_channel"),
    path("channels/test-mail/", gateway_views.test_mail, name="test_mail"),
    path("channels/<int:gateway_id>/", gateway_views.channel, name="channel"),
    path("channels/<int:gateway_id>/test/", gateway_views.test, name="test_channel"),
    path("channels/<int:gateway_id>/switch/", gateway_views.switch, name="switch_channel"),
    path("channels/<int:gateway_id>/resume/", gateway_views.resume, name="resume_channel"),
    path("channels/<int:gateway_id>/receipts/", gateway_views.receipts, name="channel_receipts"),
    path("channels/<int:gateway_id>/address/", gateway_views.issue_address, name="channel_address"),
    path("receipts/<str:secret>/", outside_views.receipts, name="receipts"),
    path("told/<str:token>/", outside_views.contact_choice, name="contact_choice"),
    path("contacts/<int:contact_id>/told/", outside_views.contact_wish, name="contact_wish"),
]
