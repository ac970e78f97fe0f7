import re
from pathlib import Path

import pytest

import shouyue
from shouyue.web.sprite import build_sprite, icon_names, symbol

SOURCE = (
    '<svg\n class="x"\n>\n  <path stroke="none" d="M0 0h24v24H0z" fill="none" />\n  <path d="M1 2" />\n</svg>'
)


def test_a_symbol_keeps_the_drawing_only():
    assert symbol("dot", SOURCE) == '<symbol id="dot" viewBox="0 0 24 24"><path d="M1 2" /></symbol>'


def test_the_sprite_holds_the_named_icons(tmp_path):
    (tmp_path / "outline").mkdir()
    (tmp_path / "outline" / "dot.svg").write_text(SOURCE)
    (tmp_path / "names.txt").write_text("dot\n")
    assert build_sprite(tmp_path, tmp_path / "icons.svg", tmp_path / "names.txt") == 1
    assert 'id="dot"' in (tmp_path / "icons.svg").read_text()


def test_an_unknown_name_stops_the_build(tmp_path):
    (tmp_path / "names.txt").write_text("no-such-icon\n")
    with pytest.raises(FileNotFoundError):
        build_sprite(tmp_path, tmp_path / "icons.svg", tmp_path / "names.txt")


def test_names_are_sorted_and_single():
    assert icon_names() == sorted(set(icon_names()))


def test_templates_use_icons_of_the_list_only():
    used = {
        name
        for path in Path(shouyue.__file__).parent.rglob("templates/**/*.html")
        for name in re.findall(r'{% icon "([a-z0-9-]+)"', path.read_text("utf-8"))
    }
    assert used - set(icon_names()) == set()
