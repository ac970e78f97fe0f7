"""Writes of contracts: one function per verb. Every change gives the contract a new `version` (see `loading`).

This is where others take them from.
"""

from .contracts import change_contract, create_contract, pin_plan_version, put_in_force
from .people import add_member, remove_member, remove_responsibility, set_responsibility
from .sites import remove_site, set_site_zone, set_site_zones
from .stages import enter_due_stages, reach_milestone
from .versions import store_plan_version

__all__ = [
    "add_member",
    "change_contract",
    "create_contract",
    "enter_due_stages",
    "pin_plan_version",
    "put_in_force",
    "reach_milestone",
    "remove_member",
    "remove_responsibility",
    "remove_site",
    "set_responsibility",
    "set_site_zone",
    "set_site_zones",
    "store_plan_version",
]
