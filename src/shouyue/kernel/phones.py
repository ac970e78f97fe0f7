"""Phone numbers as digits, so that a caller is found however the number was typed."""

from __future__ import annotations

_LONGEST = 40


def digits_of(phone: str) -> str:
    """The digits of a number; the country code of China is dropped."""
    digits = "".join(character for character in phone if character in "0123456789")
    if digits.startswith("0086"):
        digits = digits[4:]
    elif "+86" in phone.replace(" ", "") or (len(digits) == 13 and digits.startswith("861")):
        digits = digits.removeprefix("86")
    return digits[:_LONGEST]


def spellings(phone: str) -> list[str]:
    """The digits a number may be stored under: as dialled, without trunk zero, without area code."""
    digits = digits_of(phone)
    found = [digits]
    if digits.startswith("0"):
        found.append(digits[1:])
        area = 3 if digits[1:2] in ("1", "2") else 4
        if len(digits) - area in (7, 8):
            found.append(digits[area:])
    return [spelling for spelling in dict.fromkeys(found) if spelling]
