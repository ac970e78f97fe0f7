#!/usr/bin/env python
"""Django's own commands from a checkout; `shouyue manage …` is the same anywhere."""

import sys

from shouyue.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["manage", *sys.argv[1:]]))
