"""Text in the two languages of the product."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One statement in Chinese and English."""

    zh: str
    en: str

    def pick(self, language: str) -> str:
        """language: "zh…" gives Chinese, anything else English."""
        return self.zh if language.startswith("zh") else self.en
