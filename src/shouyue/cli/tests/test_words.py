"""The command line in Chinese and English: its catalogue is complete, argparse included, and nothing else hears it."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shouyue import cli
from shouyue.cli import main, words
from shouyue.runtime.messages import read_catalogue

FOLDER = Path(cli.__file__).parent
CATALOGUE = FOLDER / "locale/zh_Hans/LC_MESSAGES/django.po"


@pytest.fixture(autouse=True)
def _terminal(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    yield
    words.choose("en")


def calls():
    """Every call in the commands' sources, with its file."""
    for path in sorted(FOLDER.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield path.name, node


def is_translated(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_"


def test_every_text_of_the_commands_is_in_the_catalogue():
    known = {message.id for message in read_catalogue(CATALOGUE) if message.translated}
    said = {node.args[0].value for _file, node in calls() if is_translated(node)}
    assert len(said) > 150
    assert said - known == set()


def test_every_help_text_and_every_refusal_is_translated():
    plain = []
    for file, node in calls():
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        given = [keyword.value for keyword in node.keywords if keyword.arg in ("help", "description")]
        if name in ("Problem", "input", "getpass"):
            given += node.args
        plain += [f"{file}:{one.lineno}" for one in given if has_words(one)]
    assert plain == []


def has_words(node):
    """Whether words stand in a text that is not handed to the catalogue."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    texts = [part.value for part in parts if isinstance(part, ast.Constant)]
    return any(re.search("[a-z]", text) for text in texts)


@pytest.mark.parametrize("asked", [["--language", "zh"], ["--language=zh"], []])
def test_help_and_wrong_usage_speak_chinese(asked, monkeypatch, capsys):
    if not asked:
        monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    with pytest.raises(SystemExit):
        main.main([*asked, "plan", "--help"])
    shown = capsys.readouterr().out
    for text in ("用法：", "位置参数", "选项", "显示此帮助并退出", "找出方案文件中的全部问题"):
        assert text in shown
    with pytest.raises(SystemExit) as caught:
        main.main([*asked, "stop", "--now"])
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith("shouyue：错误：无法识别的参数：--now\n")
    assert main.main([*asked, "up", "--port", "0"]) == 1
    assert capsys.readouterr().err == "shouyue: '0' 不是端口：请给出 1 至 65535 之间的数字。\n"
    assert "LANGUAGE" not in os.environ


def test_english_is_spoken_where_it_is_asked_for(monkeypatch, capsys):
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    for arguments in (["--language", "en", "plan", "check"], ["plan", "check", "--language", "en"]):
        monkeypatch.setattr("shouyue.cli.plans.Path.is_dir", lambda _path: True)
        monkeypatch.setattr("shouyue.cli.plans.Path.glob", lambda _path, _pattern: [])
        assert main.main(arguments) == 1
        assert capsys.readouterr().err.startswith("shouyue: There is no plan file here")
    assert main.main(["plan", "check"]) == 1
    assert capsys.readouterr().err.startswith("shouyue: 此处没有方案文件")


def test_what_services_refuse_is_said_in_the_language_of_the_terminal(db, capsys):
    for language, said in (("zh", "不存在"), ("en", "no such record")):
        assert main.main(["--language", language, "user", "deactivate", "nobody-here"]) == 1
        assert said in capsys.readouterr().err


def test_columns_hold_chinese_heads():
    assert [len(words.cell(text, 8)) for text in ("stated", "已写入")] == [8, 5]


def test_programs_of_the_command_line_start_without_django():
    code = "import sys; from shouyue.cli import words; words.choose('zh'); print('django' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "False\n"
