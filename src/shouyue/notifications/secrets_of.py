"""A gateway's secrets: sealed in its row, or named there and kept in the environment (`env:SHOUYUE_…`)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from django.utils.translation import gettext as _

from shouyue.kernel import sealing
from shouyue.kernel.errors import Conflict

from .models import Gateway

FROM_ENVIRONMENT = "env:"
PREFIX = "SHOUYUE_"


def opened(gateway: Gateway) -> dict[str, str]:
    """The secrets themselves, for sending alone. Raises: Conflict when one is missing or cannot be read."""
    found = kept(gateway)
    for name, value in found.items():
        if value.startswith(FROM_ENVIRONMENT):
            variable = value.removeprefix(FROM_ENVIRONMENT)
            if not os.environ.get(variable):
                raise Conflict(_("%(variable)s is not set in the environment.") % {"variable": variable})
            found[name] = os.environ[variable]
    return found


def kept(gateway: Gateway) -> dict[str, str]:
    """What the row keeps: secrets, or the names of variables. Raises: Conflict when it cannot be read."""
    found: dict[str, str] = json.loads(sealing.unseal(gateway.sealed)) if gateway.sealed else {}
    return found


def sealed(values: Mapping[str, str]) -> str:
    """What the row keeps of them."""
    return sealing.seal(json.dumps(dict(values), ensure_ascii=False))
