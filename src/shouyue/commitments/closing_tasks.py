"""Jobs that close periods, make evidence packs and replays; `tasks.py` brings them in."""

from __future__ import annotations

import logging

from shouyue.kernel import jobs

from .services import closing, packing, replays

make_pack = packing.make_pack
make_replay = replays.make_replay
_log = logging.getLogger(__name__)


@jobs.task(
    "commitments.close_periods",
    cron="10 17 * * *",
    purpose="freeze the figures of periods that are over",
    lock="close_periods",
    in_transaction=False,
)
def close_periods() -> None:
    """17:10 UTC is 01:10 in Shanghai. What could not be closed is told and tried again the next day."""
    done, failed = closing.close_due(tell=lambda text: _log.warning("period not closed: %s", text))
    if done or failed:
        _log.info("periods closed: %s, failed: %s", done, failed)
