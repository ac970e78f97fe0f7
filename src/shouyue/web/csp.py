"""The content security policy: everything from our own origin, nothing inline, nothing evaluated.

``CONTENT_SECURITY_POLICY`` in the settings is `POLICY`. Tabler draws some icons from ``data:`` images in its
style sheet; photos are previewed from ``blob:`` before upload. Scripts may set styles through the object model,
which ``style-src 'self'`` allows.
"""

from typing import Any

POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "media-src": ["'self'", "blob:"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
}
