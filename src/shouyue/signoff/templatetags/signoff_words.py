"""Words of sign-offs in templates."""

from __future__ import annotations

from django import template

from shouyue.signoff.models import Step
from shouyue.signoff.wording import step_label

register = template.Library()


@register.filter
def asked_of(step: Step) -> str:
    """Who is asked: `{{ step|asked_of }}`."""
    return step_label(step)
