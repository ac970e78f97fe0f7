"""Jobs of insights."""

from __future__ import annotations

from shouyue.kernel import jobs

from . import services


@jobs.task("insights.verify", lock="insights.verify", retry=False, in_transaction=False)
def verify(run_id: int) -> None:
    """Check all event chains."""
    try:
        services.run_verification(run_id)
    except Exception:
        services.give_up(run_id)
        raise
