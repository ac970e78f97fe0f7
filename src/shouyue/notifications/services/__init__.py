"""Writes of notices: posting, delivery, what readers and operators do with them, gateways, phone calls."""

from .answering import hand_on, mark_all_read, mark_read, retry_failed, save_preference, take_on
from .calls import settle_call
from .delivery import deliver_batch, deliver_queued
from .gateways import change_gateway, create_gateway, resume_gateway, switch_gateway, test_gateway
from .outside import Letter, can_send_sms, send_outside
from .posting import Draft, post

__all__ = [
    "Draft",
    "Letter",
    "can_send_sms",
    "change_gateway",
    "create_gateway",
    "deliver_batch",
    "deliver_queued",
    "hand_on",
    "mark_all_read",
    "mark_read",
    "post",
    "resume_gateway",
    "retry_failed",
    "save_preference",
    "send_outside",
    "settle_call",
    "switch_gateway",
    "take_on",
    "test_gateway",
]
