"""What pydantic has against a value sent to the API, in the words of whoever sent it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WHOLE_NUMBER, NUMBER, TEXT = _("Give a whole number."), _("Give a number."), _("Give a text in quotes.")
TRUTH, LIST, OBJECT = _("Give true or false."), _("Give a list."), _("Give an object.")
DAY, HOUR, MOMENT = (
    _("Give a day such as 2026-03-31."),
    _("Give a time of day such as 09:00."),
    _("Give a time with its zone, such as 2026-03-31T09:00:00+08:00."),
)

WORDS: Mapping[str, str | Promise] = {
    "missing": _("This is needed."),
    "extra_forbidden": _("There is no such field."),
    "string_type": TEXT,
    "string_too_short": _("Give at least %(min_length)s characters."),
    "string_too_long": _("Give at most %(max_length)s characters."),
    "string_pattern_mismatch": _("This must match %(pattern)s."),
    "int_type": WHOLE_NUMBER,
    "int_parsing": WHOLE_NUMBER,
    "int_parsing_size": WHOLE_NUMBER,
    "int_from_float": WHOLE_NUMBER,
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "finite_number": NUMBER,
    "decimal_type": NUMBER,
    "decimal_parsing": NUMBER,
    "decimal_max_digits": _("Give at most %(max_digits)s digits."),
    "decimal_max_places": _("Give at most %(decimal_places)s digits after the point."),
    "bool_type": TRUTH,
    "bool_parsing": TRUTH,
    "date_type": DAY,
    "date_parsing": DAY,
    "date_from_datetime_parsing": DAY,
    "date_from_datetime_inexact": DAY,
    "time_type": HOUR,
    "time_parsing": HOUR,
    "datetime_type": MOMENT,
    "datetime_parsing": MOMENT,
    "datetime_from_date_parsing": MOMENT,
    "timezone_aware": MOMENT,
    "list_type": LIST,
    "dict_type": OBJECT,
    "model_type": OBJECT,
    "model_attributes_type": OBJECT,
    "literal_error": _("Give one of: %(expected)s."),
    "enum": _("Give one of: %(expected)s."),
    "greater_than": _("Give more than %(gt)s."),
    "greater_than_equal": _("Give at least %(ge)s."),
    "less_than": _("Give less than %(lt)s."),
    "less_than_equal": _("Give at most %(le)s."),
    "too_short": _("Give at least %(min_length)s of them."),
    "too_long": _("Give at most %(max_length)s of them."),
    "value_error": "%(error)s",
}
"""By pydantic's type of the error, with the names of its context; a value error carries our own words."""


def said(entry: Mapping[str, Any]) -> str:
    """The sentence for one of pydantic's errors, in the language that is active."""
    words, context = WORDS.get(str(entry.get("type", ""))), dict(entry.get("ctx", {}))
    if "expected" in context:
        context["expected"] = str(context["expected"]).replace(" or ", ", ")
    try:
        return str(words) % context if words else str(_("This value cannot be read."))
    except KeyError:  # pydantic names the parts of its message as it likes
        return str(_("This value cannot be read."))
