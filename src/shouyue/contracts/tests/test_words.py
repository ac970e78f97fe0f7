"""Plans in sentences: no code word, whatever the language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shouyue.contracts import glossary, vocabulary
from shouyue.contracts.plan_language import explain as explaining
from shouyue.contracts.plan_language.check import check_plan
from shouyue.contracts.plan_language.explain import explain, limit_in_words
from shouyue.contracts.plan_language.parse import parse_file
from shouyue.contracts.plan_language.speaking import Speaker
from shouyue.contracts.templatetags.contracts import sentence, word_tags

ROOT = Path(__file__).resolve().parents[4]
PLANS = sorted((ROOT / "plans").rglob("*.yaml"))
CODE = re.compile(r"[a-z]+[a-z0-9]*(?:[._][a-z0-9]+)+")
LATIN = re.compile(r"[A-Za-z][a-z]{2,}")
HALF = re.compile(r"[\u3400-\u9fff][,;:!?()]|[,;:!?()][\u3400-\u9fff]")


def told(path: Path, language: str, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], set[str]]:
    """Every sentence and limit of a plan, and the words that had no title."""
    plan = parse_file(path).plan
    assert plan is not None
    speakers: list[Speaker] = []

    def make(*given) -> Speaker:
        speakers.append(Speaker(*given))
        return speakers[-1]

    monkeypatch.setattr(explaining, "Speaker", make)
    words = vocabulary.current()
    sentences = []
    for one in plan.commitments:
        sentences += [*explain(one, plan, words, language), limit_in_words(one, plan, words, language)]
    return sentences, set().union(*(speaker.untitled for speaker in speakers))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_no_raw_word_is_said(path, language, monkeypatch):
    sentences, untitled = told(path, language, monkeypatch)
    assert len(sentences) > 20
    assert untitled == set()
    assert [said for said in sentences if CODE.search(said)] == []


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_chinese_sentences_are_chinese(path, monkeypatch):
    sentences, _untitled = told(path, "zh-hans", monkeypatch)
    assert [said for said in sentences if HALF.search(said)] == []
    assert [said for said in sentences if LATIN.search(said)] == []


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_english_sentences_are_english(path, monkeypatch):
    sentences, _untitled = told(path, "en", monkeypatch)
    assert [said for said in sentences if re.search("[\u3000-\u9fff\uff00-\uffef]", said)] == []


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_every_plan_checks(path):
    problems = check_plan(parse_file(path), vocabulary.current())
    assert [str(one) for one in problems if one.severity == "error"] == []


def test_every_role_fact_measure_and_guard_has_a_title():
    words = vocabulary.current()
    tables = (words.verbs, words.acts, words.decisions, words.items, words.measures, words.guards)
    needed = {*words.roles, *words.common, *words.scales}
    for table in tables:
        needed |= set(table)
    assert {word for word in needed if word not in words.titles} == set()


def test_what_a_module_declares_wins_over_the_glossary():
    assert vocabulary.current().titles["request_type"].zh == "请求类型"
    assert set(glossary.titles()) & set(vocabulary.current().verbs) == set() or all(
        vocabulary.current().titles[verb] != glossary.titles()[verb]
        for verb in set(glossary.titles()) & {"ticket.reported"}
    )


def test_a_word_without_title_is_shown_in_a_muted_tag():
    assert sentence("After robot.danced, soon") == (
        'After <code class="sy-plain-word">robot.danced</code>, soon'
    )
    assert sentence("<b>") == "&lt;b&gt;"
    assert 'class="sy-plain-word">spares.delivered</code>' in word_tags(["spares.delivered"])
    assert "备件送达" in word_tags(["spares.delivered"])


@pytest.mark.parametrize(
    ("language", "said"),
    [("zh-hans", "每季度（暂定，待约定）"), ("en", "every quarter (provisional, to be agreed)")],
)
def test_a_rhythm_that_is_not_agreed_yet_is_said_in_words(language, said):
    plan = parse_file(ROOT / "plans" / "gov-build.yaml").plan
    assert plan is not None
    one = next(one for one in plan.commitments if one.name == "customer-follow-up")
    assert limit_in_words(one, plan, vocabulary.current(), language) == said
