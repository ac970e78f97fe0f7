"""Downloads."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from shouyue.kernel.actor import Actor

from . import queries
from .choices import SHOWN_INLINE
from .models import StoredFile


@require_safe
def download(request: HttpRequest, file_id: int) -> HttpResponse | FileResponse:
    """The file's bytes to whoever may read what it is attached to; never run, never sniffed by the browser."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return file_response(request, queries.file_with_id(actor, file_id))


def file_response(request: HttpRequest, stored: StoredFile) -> HttpResponse | FileResponse:
    """The bytes with headers that keep a browser from doing anything but showing or saving them."""
    tag = f'"{stored.digest[:32]}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers={"ETag": tag})
    as_attachment = stored.media_type not in SHOWN_INLINE or "download" in request.GET
    response = FileResponse(
        queries.open_bytes(stored),
        as_attachment=as_attachment,
        filename=stored.name,
        content_type=stored.media_type,
    )
    response["ETag"] = tag
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=0, must-revalidate"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
