"""The condition a plan may name about the customer's own look at the data."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shouyue.kernel.gates import Refusal, Request

from .queries import raw_data


def raw_data_open(request: Request) -> Refusal | None:
    """Met while somebody of the customer or its supervision firm can sign in and read all raw data. Queries: one."""
    if request.contract_id is not None and raw_data.is_raw_data_read_outside(request.contract_id):
        return None
    return Refusal(
        "contract.raw_data_open", _("Nobody of the customer has an account that reads the raw data.")
    )
