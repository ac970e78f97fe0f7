"""What templates must not contain: untranslated words, scripts and styles of their own, queries."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from .sources import name, templates

SILENT = re.compile(r"{#.*?#}|{%\s*comment\b.*?%}.*?{%\s*endcomment\s*%}", re.DOTALL)
TRANSLATED = re.compile(r"{%\s*blocktrans(late)?\b.*?%}.*?{%\s*endblocktrans(late)?\s*%}", re.DOTALL)
CODE = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
WORD = re.compile(r"[A-Za-z]{2,}|[\u3400-\u9fff]+")
READ_ALOUD = {"alt", "aria-label", "placeholder", "title", "data-label", "data-confirm", "label", "summary"}
THE_SAME_EVERYWHERE = {
    "CSV", "API", "YAML", "ICS", "JSON", "Ctrl", "Enter", "Esc", "Shouyue", "English", "简体中文", "守约", "VIP",
    "px", "SHA", "UTC", "Authorization", "Bearer", "Shift", "Tab", "KB", "MB", "ZIP", "https", "http", "中文", "PDF",
}  # fmt: skip
SKIPPED = ("script", "style", "template", "code", "kbd", "pre")
"""Code and samples of files are the same in every language."""
NAMES_BOTH = {"web/templates/web/_language.html"}
"""Says each language in itself."""
RENDERED = {"contracts/templates/contracts/tabs/promises.html", "web/templates/web/components/panels.html"}
"""Put in what another template has rendered."""
HANDLERS = re.compile(r"\son[a-z]+\s*=", re.IGNORECASE)


class Words(HTMLParser):
    """Collects the text people read and what a screen reader reads."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag, attributes):
        self.hidden += tag in SKIPPED
        for key, value in attributes:
            if key in READ_ALOUD and value:
                self.words += WORD.findall(value)

    def handle_endtag(self, tag):
        self.hidden -= tag in SKIPPED

    def handle_data(self, data):
        if self.hidden <= 0:
            self.words += WORD.findall(data)


def _plain(text: str) -> str:
    text = re.sub(r"{% block (body_data|body_class) %}.*?{% endblock %}", " ", text)
    for pattern in (SILENT, TRANSLATED, CODE):
        text = pattern.sub(" ", text)
    return text


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=name(path)) for path in templates() if name(path) not in NAMES_BOTH],
)
def test_every_word_is_translated(path):
    parser = Words()
    parser.feed(_plain(path.read_text("utf-8")))
    assert sorted(set(parser.words) - THE_SAME_EVERYWHERE) == []


def test_no_script_or_style_stands_inside_a_page():
    found = []
    for path in templates():
        text = _plain(path.read_text("utf-8"))
        for script in re.findall(r"<script\b[^>]*>(.*?)</script>", text, flags=re.DOTALL):
            if script.strip():
                found.append(f"{name(path)}: script {script.strip()[:60]}")
        if re.search(r"<style\b|\sstyle\s*=|javascript:", text):
            found.append(f"{name(path)}: style")
        found += [f"{name(path)}: {hit.strip()}" for hit in HANDLERS.findall(text)]
    assert found == []


def test_no_page_loads_from_another_host():
    found = [
        name(path)
        for path in templates()
        if re.search(r"""(src|href|action)=["'](https?:)?//""", path.read_text("utf-8"))
    ]
    assert found == []


def test_no_template_escapes_by_hand():
    found = [
        name(path)
        for path in templates()
        if name(path) not in RENDERED
        and re.search(r"\|\s*safe\b|{%\s*autoescape\s+off", path.read_text("utf-8"))
    ]
    assert found == []
