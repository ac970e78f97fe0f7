from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from shouyue.kernel import events
from shouyue.kernel.events import FactType, Verb


class FilesConfig(AppConfig):
    name = "shouyue.files"
    label = "files"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from shouyue.web import rest

        events.declare(
            Verb(
                "file.attached",
                _("File attached"),
                {"digest": FactType.DIGEST, "bytes": FactType.INTEGER, "public": FactType.BOOLEAN},
            )
        )
        rest.declare_area("files", _("Files"))
