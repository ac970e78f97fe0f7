"""Reads of stored files."""

from __future__ import annotations

from typing import IO

from django.core.files.storage import default_storage

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound

from . import access
from .models import StoredFile


def files_of(actor: Actor, attached_to: tuple[str, int]) -> list[StoredFile]:
    """The files of a record that the caller has already checked, oldest first. Queries: one."""
    kind, number = attached_to
    rows = StoredFile.objects.visible_to(actor).filter(attached_type=kind, attached_id=number).order_by()
    shown = [stored for stored in rows if stored.is_public or actor.is_staff]
    return sorted(shown, key=lambda stored: stored.pk)


def file_with_id(actor: Actor, file_id: int) -> StoredFile:
    """One file. Raises: NotFound, also when the actor may not read it."""
    stored: StoredFile | None = StoredFile.objects.visible_to(actor).filter(pk=file_id).first()
    if stored is None or not access.may_read(actor, stored):
        raise NotFound
    return stored


def open_bytes(stored: StoredFile) -> IO[bytes]:
    """The bytes, open for reading. Raises: NotFound when the storage has lost them."""
    try:
        return default_storage.open(stored.path, "rb")
    except FileNotFoundError as error:
        raise NotFound from error
