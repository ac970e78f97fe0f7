"""Writes of notices: posting, delivery, what readers and operators do with them, gateways, phone calls."""

from .answering import hand_on, mark_all_read, mark_read, retry_failed, save_preference, take_on
from .asking import ask_for_receipts
from .calls import settle_call, stop_calls
from .delivery import deliver_batch, deliver_queued
from .gateways import change_gateway, create_gateway, resume_gateway, switch_gateway, test_gateway
from .outside import Letter, can_send_sms, send_outside
from .posting import Draft, post
from .receipts import issue_receipt_address, match_waiting, take_receipts
from .wishes import open_choice, save_contact_wish

__all__ = [
    "Draft",
    "Letter",
    "ask_for_receipts",
    "can_send_sms",
    "change_gateway",
    "create_gateway",
    "deliver_batch",
    "deliver_queued",
    "hand_on",
    "issue_receipt_address",
    "mark_all_read",
    "mark_read",
    "match_waiting",
    "open_choice",
    "post",
    "resume_gateway",
    "retry_failed",
    "save_contact_wish",
    "save_preference",
    "send_outside",
    "settle_call",
    "stop_calls",
    "switch_gateway",
    "take_on",
    "take_receipts",
    "test_gateway",
]
