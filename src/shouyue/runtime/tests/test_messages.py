import gettext
import os
from pathlib import Path

import pytest

from shouyue.runtime import messages

CATALOGUE = r"""
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=1; plural=0;\n"

#: somewhere
msgid "ticket"
msgstr "工单"

msgctxt "verb"
msgid "ticket"
msgstr "开单"

msgid "%(count)s ticket"
msgid_plural "%(count)s tickets"
msgstr[0] "%(count)s 张工单"

msgid ""
"two "
"lines\n"
msgstr "两行\n"

#, fuzzy
msgid "guess"
msgstr "猜"

msgid "empty"
msgstr ""

#~ msgid "old"
#~ msgstr "旧"
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text(CATALOGUE, "utf-8")
    return path


def test_entries_are_read(catalogue: Path) -> None:
    entries = {entry.key: entry for entry in messages.read_catalogue(catalogue)}
    assert list(entries) == [
        "",
        "ticket",
        "verb\x04ticket",
        "%(count)s ticket",
        "two lines\n",
        "guess",
        "empty",
    ]
    assert entries["guess"].fuzzy
    assert [key for key, entry in entries.items() if entry.fuzzy] == ["guess"]
    assert not entries["empty"].translated


def test_compiled_catalogue_is_what_gettext_reads(catalogue: Path) -> None:
    with messages.compile_catalogue(catalogue).open("rb") as file:
        texts = gettext.GNUTranslations(file)
    assert texts.gettext("ticket") == "工单"
    assert texts.pgettext("verb", "ticket") == "开单"
    assert texts.ngettext("%(count)s ticket", "%(count)s tickets", 5) == "%(count)s 张工单"
    assert texts.gettext("two lines\n") == "两行\n"
    assert texts.gettext("guess") == "guess"
    assert texts.gettext("empty") == "empty"


def test_only_changed_catalogues_are_compiled(catalogue: Path, tmp_path: Path) -> None:
    assert messages.compile_all(tmp_path) == 1
    assert messages.compile_all(tmp_path) == 0
    later = catalogue.with_suffix(".mo").stat().st_mtime + 5
    os.utime(catalogue, (later, later))
    assert messages.compile_all(tmp_path) == 1


def test_broken_line_is_named(catalogue: Path) -> None:
    catalogue.write_text('msgid "a"\nmsgstr "b\n')
    with pytest.raises(messages.BrokenCatalogue, match=r"django\.po:2"):
        messages.read_catalogue(catalogue)
