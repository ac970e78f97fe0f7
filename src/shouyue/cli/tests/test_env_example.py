"""`.env.example` lists what may be set, all of it and nothing else."""

import re

from shouyue.runtime.home import checkout

INTERNAL = {
    "SHOUYUE_DATABASE_AS",  # set by `prepare` for itself
    "SHOUYUE_WITHOUT_DATABASE",  # set by `make lint`
}
READ = re.compile(
    r"(?:environ(?:\.get)?[\[(]|_flag\(|_names\()\s*\"((?:SHOUYUE|DATABASE)_[A-Z0-9_]+|PORT|HOST_ADDRESS)\""
)


def test_example_lists_exactly_what_is_read() -> None:
    root = checkout()
    assert root is not None
    sources = [path for path in (root / "src").rglob("*.py") if "tests" not in path.parts]
    read = {name for path in sources for name in READ.findall(path.read_text("utf-8"))}
    listed = set(re.findall(r"^#?([A-Z0-9_]+)=", (root / ".env.example").read_text("utf-8"), re.MULTILINE))
    assert listed == read - INTERNAL
