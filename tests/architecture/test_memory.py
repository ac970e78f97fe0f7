"""What takes much memory is loaded by the process that needs it, when it needs it."""

from __future__ import annotations

import os
import subprocess
import sys

LOADED = """
import sys, django
django.setup()
import shouyue.config.api, shouyue.config.urls
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_a_process_starts_without_the_dictionaries_of_names():
    settings = {"DJANGO_SETTINGS_MODULE": "shouyue.config.settings", "SHOUYUE_WITHOUT_DATABASE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "shouyue" in loaded
    assert not loaded & {"pypinyin", "numba", "pandas"}
