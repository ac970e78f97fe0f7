"""Routes: signing in, one's own account, user administration."""

from __future__ import annotations

from django.urls import path

from . import user_views, views

app_name = "accounts"

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("password/", views.password, name="password"),
    path("profile/", views.profile, name="profile"),
    path("profile/sessions/", views.sessions, name="sessions"),
    path("profile/sessions/revoke-others/", views.revoke_other_sessions, name="revoke_other_sessions"),
    path("profile/sessions/<uuid:handle>/revoke/", views.revoke_session, name="revoke_session"),
    path("profile/tokens/", views.tokens, name="tokens"),
    path("profile/tokens/<int:token_id>/revoke/", views.revoke_token, name="revoke_token"),
    path("users/", user_views.users, name="users"),
    path("users/export.csv", user_views.export_users, name="export_users"),
    path("users/create/", user_views.create_user, name="create_user"),
    path("users/<int:user_id>/", user_views.user, name="user"),
    path("users/<int:user_id>/roles/", user_views.change_roles, name="change_roles"),
    path("users/<int:user_id>/activate/", user_views.activate, name="activate_user"),
    path("users/<int:user_id>/deactivate/", user_views.deactivate, name="deactivate_user"),
    path("users/<int:user_id>/set-password/", user_views.set_password, name="set_password"),
]
