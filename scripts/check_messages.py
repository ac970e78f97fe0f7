"""Is every text people see translated? Exit status 1 and a list, else silence.

Reads the sources themselves (Python by its syntax tree, templates by Django's own lexer), so no gettext is needed:
a text counts as used where `_()`, `gettext…()`, `{% translate %}` or `{% blocktranslate %}` names it.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import django
from django.utils.translation.template import templatize

from shouyue.runtime.messages import CONTEXT_MARK, catalogues, read_catalogue

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "shouyue"
SINGULAR = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
LITERAL = r"""(u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*")"""
CALL = re.compile(rf"\b(_|n?gettext|n?pgettext)\s*\(\s*{LITERAL}(?:\s*,\s*{LITERAL})?", re.DOTALL)
WITH_CONTEXT = {"pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"}


def used_in_python(path: Path, source: str) -> Iterator[tuple[str, str]]:
    """(key, place) of each text; the key is what the catalogue is asked for."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        texts = [text for text in texts if isinstance(text, str)]
        place = f"{path.relative_to(ROOT)}:{node.lineno}"
        if name in SINGULAR and texts:
            yield texts[0], place
        elif name in WITH_CONTEXT and len(texts) > 1:
            yield f"{texts[0]}{CONTEXT_MARK}{texts[1]}", place


def used_in_template(path: Path, source: str) -> Iterator[tuple[str, str]]:
    """Django turns a template into lines of calls among fillers; only the calls are read."""
    code = templatize(source, origin=str(path))
    for found in CALL.finditer(code):
        name, first, second = found.groups()
        place = f"{path.relative_to(ROOT)}:{code[: found.start()].count(chr(10)) + 1}"
        if "pgettext" in name:
            yield f"{unquote(first)}{CONTEXT_MARK}{unquote(second)}", place
        else:
            yield unquote(first), place


def unquote(literal: str) -> str:
    """The text of a string literal that may span lines."""
    return str(ast.literal_eval(literal.replace("\n", "\\n").lstrip("u")))


def used() -> Iterator[tuple[str, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if not {"tests", "migrations"} & set(path.parts):
            yield from used_in_python(path, path.read_text("utf-8"))
    for path in sorted(PACKAGE.rglob("templates/**/*")):
        if path.suffix in (".html", ".txt", ".svg", ".json", ".webmanifest"):
            yield from used_in_template(path, path.read_text("utf-8"))


def of_django() -> Iterator[Path]:
    """Django translates its own texts, among them those of form fields."""
    yield Path(django.__file__).parent / "conf/locale/zh_Hans/LC_MESSAGES/django.po"
    yield Path(django.__file__).parent / "contrib/auth/locale/zh_Hans/LC_MESSAGES/django.po"


def main() -> int:
    faults: list[str] = []
    known = {message.key for path in of_django() for message in read_catalogue(path) if message.translated}
    for path in catalogues(PACKAGE):
        for message in read_catalogue(path):
            place = f"{path.relative_to(ROOT)}:{message.line}"
            if message.fuzzy and message.id:
                faults.append(f"{place}: fuzzy: {message.id!r}")
            elif message.id and not message.translated:
                faults.append(f"{place}: empty: {message.id!r}")
            else:
                known.add(message.key)
    missing = {key: place for key, place in used() if key.strip() and key not in known}
    faults += [f"{place}: not translated: {key!r}" for key, place in missing.items()]
    for fault in faults:
        print(fault)
    if faults:
        print(f"{len(faults)} texts lack a translation.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
