"""Build the icon sprite from the icon package; runs at build time, without Django.

Only the icons named in ``icons.txt`` go in, so that browsers fetch some kilobytes instead of megabytes.
"""

import re
import sys
from pathlib import Path

NAMES_FILE = Path(__file__).with_name("icons.txt")

_FRAME = re.compile(r'<path stroke="none"[^>]*/>')


def icon_names(names_file: Path = NAMES_FILE) -> list[str]:
    """The icon names pages may use, in file order."""
    return [line.strip() for line in names_file.read_text("utf-8").splitlines() if line.strip()]


def symbol(name: str, source: str, *, solid: bool = False) -> str:
    """One ``<symbol>`` with the drawing of an icon file; solid: filled instead of stroked."""
    body = source[source.index(">", source.index("<svg")) + 1 : source.rindex("</svg>")]
    body = re.sub(r"\s*\n\s*", "", _FRAME.sub("", body)).strip()
    paint = ' fill="currentColor" stroke="none"' if solid else ""
    return f'<symbol id="{name}" viewBox="0 0 24 24"{paint}>{body}</symbol>'


def build_sprite(icons: Path, target: Path, names_file: Path = NAMES_FILE) -> int:
    """Write the sprite; icons: the package's folder with ``outline/``. Returns the number of icons.

    Raises: FileNotFoundError for a name the package does not have."""
    symbols = [
        symbol(name, (icons / "outline" / f"{name}.svg").read_text("utf-8"))
        for name in icon_names(names_file)
    ]
    target.parent.mkdir(parents=True, exist_ok=True)
    text = '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>\n"
    target.write_text(text, "utf-8")
    return len(symbols)


if __name__ == "__main__":
    build_sprite(Path(sys.argv[1]), Path(sys.argv[2]))
