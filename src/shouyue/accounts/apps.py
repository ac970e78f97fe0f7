"""Declares the verbs, token scopes and navigation of accounts."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "shouyue.accounts"
    label = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from shouyue.kernel.events import FactType, Verb, declare

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
