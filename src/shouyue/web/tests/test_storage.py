"""The whole static pipeline: hashed names, rewritten imports, compressed copies."""

import json
import re

import pytest
from django.core.management import call_command
from django.test import override_settings


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    root = tmp_path_factory.mktemp("static")
    storages = {"staticfiles": {"BACKEND": "shouyue.web.storage.StaticStorage"}}
    with override_settings(STATIC_ROOT=root, STORAGES=storages):
        call_command("collectstatic", interactive=False, verbosity=0)
    return root


def paths(root):
    return json.loads((root / "staticfiles.json").read_text())["paths"]


def test_module_imports_point_to_hashed_files(collected):
    text = (collected / paths(collected)["web/js/main.js"]).read_text()
    imports = re.findall(r'import\s*["\'](.+?)["\']', text)
    assert len(imports) == 18
    assert all(re.fullmatch(r"\./[\w-]+\.[0-9a-f]{12}\.js", name) for name in imports)


@pytest.mark.parametrize(
    "name", ["web/css/shell.css", "web/js/countdown.js", "vendor/tabler.min.css", "vendor/icons.svg"]
)
def test_files_are_there_hashed_and_compressed(collected, name):
    hashed = collected / paths(collected)[name]
    assert hashed.is_file()
    assert hashed.with_name(hashed.name + ".br").is_file()
