"""Pure decisions about files: what type the bytes are, which name is safe. No ORM, no storage."""

from __future__ import annotations

import re
import unicodedata

import filetype

from .choices import ALLOWED

HEAD_BYTES = 8192
NAME_LIMIT = 150

_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]')
_MARKUP = re.compile(rb"^\s*(<!doctype|<html|<svg|<\?xml|<script)", re.IGNORECASE)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_SUFFIXES = {
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
}


def sniff(head: bytes, name: str) -> str:
    """The media type of a file by its first bytes; empty when it is none that may be stored.

    The name decides only between plain text and CSV, and between the old Office formats, which begin alike.
    """
    suffix = name.rpartition(".")[2].lower()
    if head.startswith(_OLE):
        return _OLE_SUFFIXES.get(suffix, "")
    kind = filetype.guess(head)
    if kind is not None:
        return kind.mime if kind.mime in ALLOWED else ""
    if not is_text(head) or _MARKUP.match(head):
        return ""
    return "text/csv" if suffix == "csv" else "text/plain"


def is_text(head: bytes) -> bool:
    """Whether the bytes are text in UTF-8 or GB 18030 without control characters."""
    if not head or b"\x00" in head:
        return False
    for encoding in ("utf-8", "gb18030"):
        for cut in range(4):  # the head may end within a character
            try:
                text = head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            return not any(unicodedata.category(c) == "Cc" and c not in "\t\n\r\f" for c in text)
    return False


def safe_name(name: str) -> str:
    """The file's name without path, control and direction characters, at most 150 characters, suffix kept."""
    name = name.replace("\\", "/").rpartition("/")[2]
    name = _UNSAFE.sub("_", unicodedata.normalize("NFC", name)).strip(" .")
    stem, dot, suffix = name.rpartition(".")
    if dot and len(suffix) <= 10:
        return f"{stem[: NAME_LIMIT - len(suffix) - 1] or 'file'}.{suffix}"
    return name[:NAME_LIMIT] or "file"
