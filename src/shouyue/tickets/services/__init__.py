"""Writes of tickets: one function per verb, grouped by what they are about; this is where others take them from."""

from .acting import StaleVersion
from .assignment import accept_ticket, assign_ticket, raise_tier, request_escalation, take_ticket
from .closing import (
    call_back,
    cancel_ticket,
    close_ticket,
    confirm_resolution,
    reject_resolution,
    reopen_ticket,
    resolve_ticket,
)
from .reporting import edit_ticket, report_ticket, set_contract
from .triage import grade_ticket, link_tickets, set_attribution, set_priority, triage_ticket
from .work import (
    attach_file,
    attach_files,
    comment_on_ticket,
    decide_replacement,
    end_waiting,
    fix_temporarily,
    give_answer,
    promise_answer,
    propose_solution,
    record_handling,
    respond_to_ticket,
    start_waiting,
)

__all__ = [
    "StaleVersion",
    "accept_ticket",
    "assign_ticket",
    "attach_file",
    "attach_files",
    "call_back",
    "cancel_ticket",
    "close_ticket",
    "comment_on_ticket",
    "confirm_resolution",
    "decide_replacement",
    "edit_ticket",
    "end_waiting",
    "fix_temporarily",
    "give_answer",
    "grade_ticket",
    "link_tickets",
    "promise_answer",
    "propose_solution",
    "raise_tier",
    "record_handling",
    "reject_resolution",
    "reopen_ticket",
    "report_ticket",
    "request_escalation",
    "resolve_ticket",
    "respond_to_ticket",
    "set_attribution",
    "set_contract",
    "set_priority",
    "start_waiting",
    "take_ticket",
    "triage_ticket",
]
