"""Whether the ways out of the house work."""

from __future__ import annotations

from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.runtime.checks import Finding, ok, warning

from . import queries


def check_channels() -> Finding:
    """No gateway in use fails."""
    with acting_in(EVERYTHING):
        names = queries.failing_gateways()
    if not names:
        return ok("No channel in use fails.")
    return warning("These channels fail: %(names)s. Look at Operation, Channels.", names=", ".join(names))
