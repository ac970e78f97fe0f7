"""What a service refused, shown at the fields of the form it came from."""

from __future__ import annotations

from django.forms import BaseForm

from shouyue.kernel.errors import ShouyueError


def add_errors(form: BaseForm, error: ShouyueError) -> None:
    """Put the texts of an error at its fields; those of other fields, or none, above the form, one a line."""
    for name, texts in error.fields.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, str(text))
    if not error.fields:
        for line in error.message.splitlines():
            form.add_error(None, line)
