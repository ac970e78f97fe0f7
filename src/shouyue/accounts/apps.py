"""Declares the verbs, token scopes and navigation of accounts."""

from django.apps import AppConfig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "shouyue.accounts"
    label = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from shouyue.kernel.events import FactType, Verb, declare
        from shouyue.web import navigation, preferences, states

        from . import services

        declare(
            Verb("user.created", _("Account created")),
            Verb("user.changed", _("Profile changed")),
            Verb("user.role_changed", _("Role changed"), {"role": FactType.CODE, "held": FactType.BOOLEAN}),
            Verb("user.activated", _("Account activated")),
            Verb("user.deactivated", _("Account deactivated")),
            Verb("user.password_changed", _("Password changed")),
            Verb("user.password_reset", _("Password reset")),
            Verb("user.signed_in", _("Signed in"), {"address": FactType.DIGEST}),
            Verb("user.signed_out", _("Signed out")),
            Verb(
                "user.sign_in_refused",
                _("Sign-in refused"),
                {"reason": FactType.CODE, "address": FactType.DIGEST},
            ),
            Verb("user.sessions_revoked", _("Sessions ended"), {"sessions": FactType.INTEGER}),
            Verb(
                "token.created",
                _("API token created"),
                {"owner": FactType.REFERENCE, "expires_at": FactType.INSTANT},
            ),
            Verb("token.revoked", _("API token revoked"), {"owner": FactType.REFERENCE}),
        )
        states.register(
            "account",
            {
                "True": states.Look("good", "user-check", _("Active")),
                "False": states.Look("muted", "lock", _("Deactivated")),
            },
        )
        navigation.register(
            navigation.Item(
                key="users",
                label=_("Users"),
                url_name="accounts:users",
                icon="users",
                area="operate",
                roles=frozenset({"system_admin", "security_admin", "audit_admin"}),
                order=10,
            ),
            navigation.Item(
                key="profile",
                label=_("My account"),
                url_name="accounts:profile",
                icon="user",
                area="user",
                order=10,
            ),
            navigation.Item(
                key="password",
                label=_("Change password"),
                url_name="accounts:password",
                icon="key",
                area="user",
                order=20,
            ),
            navigation.Item(
                key="sign_out",
                label=_("Sign out"),
                url_name="accounts:sign_out",
                icon="logout",
                area="user",
                order=90,
                method="post",
            ),
        )

        def keep(request: HttpRequest, preference: preferences.Preference, value: str) -> None:
            if preference == "language":
                services.choose_language(actor=request.actor, language=value)  # type: ignore[attr-defined]

        preferences.register_saver(keep)
