"""JSON API of stored files: what a file is, and its bytes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from ninja import Router, Schema

from shouyue.web import rest

from . import queries, views
from .models import StoredFile

router = Router(tags=["files"])


class FileOut(Schema):
    """A stored file. digest: SHA-256 in hex."""

    id: int
    name: str
    media_type: str
    size_bytes: int
    digest: str
    is_public: bool
    stored_by_name: str
    stored_at: datetime


@router.get("files/{int:file_id}", response=FileOut, summary="A stored file")
def get_file(request: HttpRequest, file_id: int) -> StoredFile:
    return queries.file_with_id(rest.actor_of(request), file_id)


@router.get("files/{int:file_id}/content", response={200: Any}, summary="The bytes of a stored file")
def get_content(request: HttpRequest, file_id: int) -> HttpResponse | FileResponse:
    return views.file_response(request, queries.file_with_id(rest.actor_of(request), file_id))
