"""`python -m shouyue.cli`, the command of supervised processes: it needs no script on the PATH."""

import sys

from shouyue.cli.main import main

sys.exit(main())
