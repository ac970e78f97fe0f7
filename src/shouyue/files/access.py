"""Who may read a file: whoever may read what it is attached to; the module that owns that says so."""

from __future__ import annotations

from collections.abc import Callable

from shouyue.kernel.actor import Actor

from .models import StoredFile

Reader = Callable[[Actor, StoredFile], bool]

_readers: dict[str, Reader] = {}


def register_reader(attached_type: str, may_read: Reader) -> None:
    """Say who reads files of one kind of record; called in `AppConfig.ready`."""
    _readers[attached_type] = may_read


def may_read(actor: Actor, stored: StoredFile) -> bool:
    """Whether the actor may read the file; without a registered owner nobody may."""
    reader = _readers.get(stored.attached_type)
    return reader is not None and reader(actor, stored)
