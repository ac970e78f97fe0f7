"""Message catalogues: read .po files and write .mo files, so that no machine needs gettext installed.

Plain Python without imports from this package: the build hook loads this file by its path.
"""

import ast
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CONTEXT_MARK = "\x04"
PLURAL_MARK = "\x00"


@dataclass
class Message:
    """One entry of a catalogue. texts: the translations by plural index."""

    line: int
    context: str | None = None
    id: str = ""
    plural: str | None = None
    texts: dict[int, str] = field(default_factory=dict)
    fuzzy: bool = False

    @property
    def key(self) -> str:
        """What gettext looks up: the context, if any, and the singular."""
        return self.id if self.context is None else f"{self.context}{CONTEXT_MARK}{self.id}"

    @property
    def translated(self) -> bool:
        return bool(self.texts) and all(self.texts.values())


class BrokenCatalogue(Exception):
    """A .po file that cannot be read; the text names file and line."""


def read_catalogue(path: Path) -> list[Message]:
    """Every entry of a .po file, its header (the empty id) included. Raises: BrokenCatalogue."""
    messages: list[Message] = []
    message = Message(line=0)
    target = ""
    fuzzy = False
    for number, raw in enumerate(path.read_text("utf-8").splitlines(), 1):
        line = raw.strip()
        if line.startswith("#,"):
            fuzzy = fuzzy or "fuzzy" in line
        if not line or line.startswith("#"):
            continue
        keyword, _, rest = (target, "", line) if line.startswith('"') else line.partition(" ")
        begins = not line.startswith('"')
        if begins and (keyword == "msgctxt" or (keyword == "msgid" and target != "msgctxt")):
            message = Message(line=number, fuzzy=fuzzy)
            messages.append(message)
            fuzzy = False
        target = keyword
        try:
            _extend(message, keyword, ast.literal_eval(rest.strip()))
        except (ValueError, SyntaxError, KeyError) as error:
            raise BrokenCatalogue(f"{path}:{number}: {line!r} is not part of a message catalogue") from error
    return messages


def compile_catalogue(path: Path) -> Path:
    """Write the .mo file beside a .po file; fuzzy and empty entries are left out, as msgfmt does."""
    entries = {}
    for message in read_catalogue(path):
        if (message.fuzzy and message.id) or not message.translated:
            continue
        key = message.key if message.plural is None else f"{message.key}{PLURAL_MARK}{message.plural}"
        entries[key.encode()] = PLURAL_MARK.join(text for _, text in sorted(message.texts.items())).encode()
    target = path.with_suffix(".mo")
    draft = target.with_suffix(".mo.new")
    draft.write_bytes(_machine_object(entries))
    draft.replace(target)
    return target


def catalogues(root: Path) -> Iterator[Path]:
    """Every .po file under a directory."""
    return root.rglob("locale/*/LC_MESSAGES/*.po")


def compile_all(root: Path) -> int:
    """Compile the catalogues whose .mo file is missing or older; returns how many."""
    done = 0
    for path in catalogues(root):
        target = path.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime_ns < path.stat().st_mtime_ns:
            compile_catalogue(path)
            done += 1
    return done


def _extend(message: Message, keyword: str, text: str) -> None:
    if keyword == "msgctxt":
        message.context = (message.context or "") + text
    elif keyword == "msgid":
        message.id += text
    elif keyword == "msgid_plural":
        message.plural = (message.plural or "") + text
    else:
        index = {"msgstr": 0, **{f"msgstr[{n}]": n for n in range(6)}}[keyword]
        message.texts[index] = message.texts.get(index, "") + text


def _machine_object(entries: dict[bytes, bytes]) -> bytes:
    """The binary form: header, two tables of (length, offset), then the texts, sorted by id."""
    keys = sorted(entries)
    offset = 28 + 16 * len(keys)
    tables, texts = [], b""
    for strings in (keys, [entries[key] for key in keys]):
        for string in strings:
            tables.append(struct.pack("<II", len(string), offset + len(texts)))
            texts += string + b"\0"
    header = struct.pack("<7I", 0x950412DE, 0, len(keys), 28, 28 + 8 * len(keys), 0, 0)
    return header + b"".join(tables) + texts
