"""Files for tests, as a browser sends them."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc330000"
    "000049454e44ae426082"
)


def upload(name: str = "photo.png", content: bytes = PNG) -> SimpleUploadedFile:
    """A small picture, or the given bytes."""
    return SimpleUploadedFile(name, content)
