"""Words of plans in templates: kinds of promises, who owes them, what a new version does to a part."""

from __future__ import annotations

from django import template
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

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


@register.simple_tag
def change_tag(state: str) -> SafeString:
    """Added, removed or changed, as a badge."""
    look = CHANGES[state]
    return SafeString(render_to_string("contracts/_change.html", {"look": look}))
