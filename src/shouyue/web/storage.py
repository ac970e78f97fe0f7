"""Static files with content hashes, also inside ES module imports, and precompressed."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # no stubs
    """``STORAGES["staticfiles"]``: names carry a hash, so browsers may keep them for ever."""

    support_js_module_import_aggregation = True
    manifest_strict = True
