"""The Chinese catalogues: typography of the trade, placeholders kept, and every registered word in both languages."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils import translation

from shouyue.kernel import events
from shouyue.runtime.messages import catalogues, read_catalogue
from shouyue.web import navigation, states

from .sources import PACKAGE, ROOT, name, templates

HAN = r"\u3400-\u9fff"
HALF = re.compile(
    rf"[{HAN}][,;!?](?![\w=&%/])|[{HAN}][:.](?=\s|$|[{HAN}])|[,;!?][{HAN}]|"
    rf"[{HAN}] ?\(|\( ?[{HAN}]|[{HAN}] ?\)|\) ?[{HAN}]|[{HAN}]\.\.\.|--[{HAN}]|[{HAN}]--"
)
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|%%")

QUOTED = re.compile(
    r"守约|简体中文|\b[a-z]+ \([休班平日]+\)|\([休班平日, ]+\)|班 or “|国务院办公厅通知|\d (小时|个工作日|周)"
)
"""Chinese words that English texts quote: our name, and what holiday files contain."""


def _messages():
    for path in catalogues(PACKAGE):
        for message in read_catalogue(path):
            if message.id:
                yield path, message


def test_chinese_has_full_width_punctuation():
    found = [
        f"{name(path)}:{message.line}: {text}"
        for path, message in _messages()
        for text in message.texts.values()
        if re.search(rf"[{HAN}]", text) and HALF.search(_with_words(text))
    ]
    assert found == []


def _with_words(text: str) -> str:
    """A text with a Chinese word for each of its names, as it is read most of the time."""
    return PLACEHOLDER.sub(lambda found: "词" if found[0].strip("%sd") else "", text)


BRACKETS = re.compile(r"[}\w] ?\((?:{%|{{(?![^}|]*\.code }}))")
"""A note in brackets after words: `noted` writes it in the brackets of the language; codes stand in plain ones."""


def test_templates_leave_brackets_to_the_language():
    said = re.compile(r"{%\s*blocktranslate\b.*?{%\s*endblocktranslate\s*%}", re.DOTALL)
    found = [
        f"{name(path)}: {bracket[0]}"
        for path in templates()
        for bracket in BRACKETS.finditer(said.sub("", path.read_text("utf-8")))
    ]
    assert found == []


def test_plans_have_full_width_punctuation_in_chinese():
    found = []
    for path in sorted((ROOT / "plans").glob("*.yaml")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            text = re.search(r"\bzh:\s*(.+?)(,\s*en:|\}|$)", line)
            if text and HALF.search(text[1]):
                found.append(f"{path.name}:{number}: {text[1]}")
    assert found == []


def test_translations_keep_the_placeholders():
    found = [
        f"{name(path)}:{message.line}: {text}"
        for path, message in _messages()
        for text in message.texts.values()
        if text
        and sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(message.plural or message.id))
        and sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(message.id))
    ]
    assert found == []


READ_IN_CHINESE_TOO = re.compile("休|班|平日|国务院办公厅通知|4 小时|3 个工作日|1 周")
"""What people may type whatever their language; English texts name it as an example."""


def test_messages_are_english():
    han = re.compile(rf"[{HAN}]")
    found = [
        f"{name(path)}:{message.line}: {message.id}"
        for path, message in _messages()
        if han.search(READ_IN_CHINESE_TOO.sub("", message.id))
    ]
    assert found == []


def test_one_word_has_one_translation():
    """Two modules must not call one thing by two names; contexts (msgctxt) may differ."""
    known: dict[str, dict[str, str]] = {}
    for path, message in _messages():
        if message.translated:
            known.setdefault(message.key, {}).setdefault(message.texts[0], name(path).split("/")[0])
    assert {key: texts for key, texts in known.items() if len(texts) > 1} == {}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_registered_word_has_a_label(language):
    chinese = re.compile(rf"[{HAN}]")
    with translation.override(language):
        labels = {verb.name: str(verb.label) for verb in events.declared_verbs().values()}
        labels |= {f"navigation {item.key}": str(item.label) for item in navigation.all_items()}
        for family in states.families():
            known = states.states_of(family)
            labels |= {f"{family} {code}": str(look.label) for code, look in known.items()}
    assert len(labels) > 60
    wrong = {
        key: text
        for key, text in labels.items()
        if not text.strip() or bool(chinese.search(text)) is (language == "en")
    }
    assert wrong == {}


def test_every_navigation_item_leads_somewhere():
    assert navigation.unreversible(navigation.all_items()) == []
    for item in navigation.all_items():
        assert reverse(item.url_name).startswith("/")


def test_no_shortcut_is_given_twice():
    for areas in ({"desk", "provider", "operate", "user"}, {"portal", "user"}):
        keys = [item.shortcut for item in navigation.all_items() if item.shortcut and item.area in areas]
        assert sorted(keys) == sorted(set(keys))
