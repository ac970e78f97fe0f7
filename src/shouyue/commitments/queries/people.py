"""Who acted, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from shouyue.accounts.queries import names_by_ref
from shouyue.kernel.actor import Actor


def who_acted(actor: Actor, refs: Iterable[str]) -> dict[str, str]:
    """Who acted, by how events name them: a name where the reader may know it, else the side. Queries: two at most."""
    wanted = set(refs)
    known = names_by_ref(actor, wanted)
    return {ref: known.get(ref) or _side(ref.partition(":")[0]) for ref in wanted}


def _side(kind: str) -> str:
    if kind in ("user", "token"):
        return _("the provider")
    return _("by a link") if kind == "link" else _("the system")
