"""Compile the message catalogues that changed; needs no gettext."""

from pathlib import Path

from shouyue.runtime.messages import compile_all

if __name__ == "__main__":
    compile_all(Path(__file__).resolve().parent.parent / "src" / "shouyue")
