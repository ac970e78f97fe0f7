"""Writes of stored files."""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from shouyue.kernel import clock, events
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid

from . import rules
from .choices import SUFFIXES
from .models import StoredFile


@transaction.atomic
def store(
    *,
    actor: Actor,
    customer_id: int,
    contract_id: int | None,
    upload: UploadedFile[bytes],
    attached_to: tuple[str, int],
    is_public: bool = True,
    size_limit: int | None = None,
) -> StoredFile:
    """Keep an uploaded file; the caller has checked that the actor may attach it.

    size_limit: in bytes, for files the program made itself; that of the settings otherwise.

    The type is read from the bytes, never believed. Raises: Invalid when empty, too big or of a refused type.
    """
    size = int(upload.size or 0)
    if size == 0:
        raise Invalid(fields={"file": [_("The file is empty.")]})
    most = size_limit or settings.FILE_SIZE_LIMIT
    if size > most:
        limit = most // (1024 * 1024)
        raise Invalid(fields={"file": [_("The file is larger than %(limit)d MB.") % {"limit": limit}]})
    name = rules.safe_name(upload.name or "file")
    upload.seek(0)
    media_type = rules.sniff(upload.read(rules.HEAD_BYTES), name)
    if not media_type:
        raise Invalid(
            fields={"file": [_("“%(name)s” is of a type that is not accepted.") % {"name": name[:60]}]}
        )
    digest = hashlib.sha256()
    upload.seek(0)
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    now = clock.now()
    path = f"{customer_id}/{now:%Y/%m}/{secrets.token_hex(16)}.{SUFFIXES.get(media_type, 'bin')}"
    path = default_storage.save(path, upload)
    stored: StoredFile = StoredFile.objects.create(
        customer_id=customer_id,
        contract_id=contract_id,
        attached_type=attached_to[0],
        attached_id=attached_to[1],
        name=name,
        media_type=media_type,
        size_bytes=size,
        digest=digest.hexdigest(),
        path=path,
        is_public=is_public,
        stored_by_id=actor.user_id,
        stored_by_name=actor.name,
        stored_at=now,
    )
    events.record(
        "file.attached",
        actor=actor,
        subject=("file", stored.pk),
        case=attached_to,
        customer_id=customer_id,
        contract_id=contract_id,
        facts={"digest": stored.digest, "bytes": size, "public": is_public},
    )
    return stored
