"""How tests call the JSON API."""

from __future__ import annotations

from typing import Any

from django.test import Client


def post_json(client: Client, path: str, data: Any = None, **headers: str) -> Any:
    """POST `data` as JSON, an empty object when there is nothing to say."""
    body = {} if data is None else data
    return client.post(path, body, content_type="application/json", headers=headers)
