"""Words of plans in templates: kinds of promises, who owes them, what a new version does to a part."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django import template
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from shouyue.contracts import vocabulary
from shouyue.web.states import Look

register = template.Library()

KINDS: dict[str, str | Promise] = {
    "deadline": _("Deadline"),
    "recurring": _("Recurring"),
    "quota": _("Quota"),
    "target": _("Target"),
    "standing": _("Standing condition"),
    "gate": _("Gate"),
    "entitlement": _("Entitlement"),
}
OBLIGORS: dict[str, str | Promise] = {
    "provider": _("Owed by the provider"),
    "customer": _("Owed by the customer"),
    "vendor": _("Owed by the vendor"),
}
CHANGES = {
    "added": Look("good", "plus", pgettext_lazy("part of a plan", "added")),
    "removed": Look("bad", "minus", pgettext_lazy("part of a plan", "removed")),
    "changed": Look("warn", "edit", pgettext_lazy("part of a plan", "changed")),
}


@register.simple_tag
def kind_label(kind: str) -> str:
    """The kind of a promise in words."""
    return str(KINDS.get(kind, kind))


@register.simple_tag
def obligor_label(by: str) -> str:
    """Who owes a promise."""
    return str(OBLIGORS.get(by, by))


PARTS: dict[str, str | Promise] = {
    "plan": _("Head of the plan"),
    "window": _("Service window"),
    "scale": _("Scale"),
    "class": _("Request class"),
    "wait": _("Waiting state"),
    "milestone": _("Milestone"),
    "stage": _("Stage"),
    "catalogue item": _("Catalogue item"),
    "settlement": _("Settlement"),
}


@register.simple_tag
def part_label(part: str) -> str:
    """What a part of a plan is called."""
    return str(PARTS.get(part, part))


@register.simple_tag
def role_label(role: str) -> str:
    """A role as people say it."""
    return vocabulary.said(role, get_language() or "zh-hans")


@register.simple_tag
def word_tags(words: Iterable[str]) -> SafeString:
    """Words the system lacks, as people say them, each with its plain spelling in a muted tag."""
    language = get_language() or "zh-hans"
    rows = [(vocabulary.said(word, language), word) for word in words]
    return format_html_join(
        "", '<span class="sy-word">{} <code class="sy-plain-word">{}</code></span> ', rows
    )


_PLAIN = re.compile(r"\b[a-z][a-z0-9]*(?:[._][a-z0-9]+)+\b")


@register.filter
def sentence(text: str) -> SafeString:
    """A sentence of a plan; a word nobody has given a title yet stands in a muted tag."""
    parts = re.split(f"({_PLAIN.pattern})", text)
    tag = '<code class="sy-plain-word">{}</code>'
    marked = ((format_html(tag, part) if at % 2 else part,) for at, part in enumerate(parts))
    return format_html_join("", "{}", marked)


@register.simple_tag
def change_tag(state: str) -> SafeString:
    """Added, removed or changed, as a badge."""
    look = CHANGES[state]
    return SafeString(render_to_string("contracts/_change.html", {"look": look}))
