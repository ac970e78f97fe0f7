"""Sort and search keys of Chinese names; the database's own collation is never relied upon."""

from __future__ import annotations

from functools import lru_cache

MAX_LENGTH = 200


@lru_cache(maxsize=4096)
def name_key(name: str) -> str:
    """The key of a name: full pinyin, a blank, the initials, all lower case, e.g. `zhangwei zw`.

    Latin letters and digits stay as they are, so the key of a foreign name is searchable too.
    """
    # its dictionaries take 76 MB, and most processes never enter a name
    from pypinyin import Style, lazy_pinyin

    text = name.strip()
    full = "".join(lazy_pinyin(text, errors=_kept)).lower()
    initials = "".join(lazy_pinyin(text, style=Style.FIRST_LETTER, errors=_initials)).lower()
    return f"{full} {initials}"[:MAX_LENGTH]


def search_text(text: str) -> str:
    """What a person typed, made comparable with a key: lower case without blanks."""
    return "".join(text.lower().split())


def _kept(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def _initials(text: str) -> str:
    return "".join(word[0] for word in text.split() if word[0].isalnum())
