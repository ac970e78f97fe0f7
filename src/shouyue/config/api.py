"""The JSON API: one router per module; errors, paging and repetition rules come from `shouyue.web.rest`."""

from __future__ import annotations

from ninja import NinjaAPI

from shouyue import __version__
from shouyue.accounts.api import router as accounts
from shouyue.calendars.api import router as calendars
from shouyue.commitments.api import router as commitments
from shouyue.contracts.api import router as contracts
from shouyue.files.api import router as files
from shouyue.notifications.api import router as notifications
from shouyue.parties.api import router as parties
from shouyue.portal.api import router as portal
from shouyue.signoff.api import router as signoff
from shouyue.tickets.api import router as tickets
from shouyue.visits.api import router as visits
from shouyue.web import rest

api = NinjaAPI(
    title="Shouyue",
    version=__version__,
    description="Promises of service contracts: tickets, visits, contracts, obligations.",
    urls_namespace="api",
    docs_url=None,  # its page needs inline scripts; the document itself is at openapi.json
    auth=rest.authenticate,
    renderer=rest.Renderer(),
)
rest.install(api)

api.add_router("/", tickets)  # first: the busiest, and addresses are tried one after the other
api.add_router("/", accounts)
api.add_router("/", parties)
api.add_router("/", notifications)
api.add_router("/", files)
api.add_router("/", calendars)
api.add_router("/", contracts)
api.add_router("/", signoff)
api.add_router("/", commitments)
api.add_router("/", visits)
api.add_router("/", portal)
