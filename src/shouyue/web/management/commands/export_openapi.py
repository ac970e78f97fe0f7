"""`manage export_openapi`: write the API's description to docs/openapi.json, or check that it is current."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from shouyue.web import rest


class Command(BaseCommand):
    help = "Write the OpenAPI description of the JSON API."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail when the file differs; write nothing")
        parser.add_argument("--path", default="docs/openapi.json", type=Path)

    def handle(self, *, check: bool, path: Path, **options: Any) -> None:
        with translation.override("en"):
            document = rest.document(import_module(settings.ROOT_URLCONF).api)
        text = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        if not check:
            path.write_text(text, encoding="utf-8")
            self.stdout.write(f"{path}: {len(document['paths'])} paths")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            raise CommandError(f"{path} is not current; run `shouyue manage export_openapi` and commit it.")
