"""The Chinese catalogue is complete: every msgid of the module's sources has a text."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PO = (ROOT / "locale/zh_Hans/LC_MESSAGES/django.po").read_text("utf-8")


def test_nothing_is_left_untranslated():
    blocks = PO.split("\n\n")[1:]
    empty = [
        block for block in blocks if re.search(r'msgstr(\[0\])? ""$', block) and "between units" not in block
    ]
    assert empty == []


def test_every_text_of_the_templates_is_in_the_catalogue():
    known = set(re.findall(r'^msgid "(.*)"$', PO, re.M))
    used = {
        text
        for path in ROOT.rglob("templates/**/*.html")
        for text in re.findall(r'{% translate "(.+?)"|_\("(.+?)"\)', path.read_text("utf-8"))
        for text in text
        if text
    }
    assert used - known == set()
