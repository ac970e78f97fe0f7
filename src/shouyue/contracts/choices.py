"""Enumerations of contracts."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person is in one contract; the customer's roles begin with `customer.`."""

    AGENT = "agent", _("Service desk agent")
    DISPATCHER = "dispatcher", _("Dispatcher")
    REMOTE_ENGINEER = "remote_engineer", _("Remote engineer")
    FIELD_ENGINEER = "field_engineer", _("Field engineer")
    RESIDENT_ENGINEER = "resident_engineer", _("Resident engineer")
    REGIONAL_SUPERVISOR = "regional_supervisor", _("Regional supervisor")
    SERVICE_SUPERVISOR = "service_supervisor", _("Service supervisor")
    SERVICE_MANAGER = "service_manager", _("Service manager")
    PROJECT_MANAGER = "project_manager", _("Project manager")
    QUALITY_MANAGER = "quality_manager", _("Quality manager")
    SPARES_KEEPER = "spares_keeper", _("Spares keeper")
    TRAINER = "trainer", _("Trainer")
    DOCUMENT_KEEPER = "document_keeper", _("Document keeper")
    HQ = "hq", _("Headquarters")
    END_USER = "customer.end_user", _("End user")
    IT_CONTACT = "customer.it_contact", _("Customer's IT contact")
    MAINTAINER = "customer.maintainer", _("Customer's system maintainer")
    SERVER_ADMIN = "customer.server_admin", _("Customer's server administrator")
    SECURITY_OFFICER = "customer.security_officer", _("Customer's security officer")
    APPROVER = "customer.approver", _("Customer's approver")
    LEADER = "customer.leader", _("Customer's leader")
    COMMAND_CENTRE = "customer.command_centre", _("Command centre")
    SUPERVISION_FIRM = "supervision_firm", _("Supervision firm")

    @property
    def is_outside(self) -> bool:
        """Held by people who do not work for the provider."""
        return self.value.startswith("customer.") or self is Role.SUPERVISION_FIRM


class SiteMode(models.TextChoices):
    """How a site is served in a contract."""

    RESIDENT = "resident", _("Resident engineer")
    CALL_OUT = "call_out", _("Call-out")
    REMOTE_ONLY = "remote_only", _("Remote only")


class Area(models.TextChoices):
    """How far a site is in a contract; limits may depend on it (fact `zone`)."""

    URBAN = "urban", _("Urban area")
    OUTER = "outer", _("Outer area")


class ContractState(models.TextChoices):
    """Where a contract is in its life; follows from its dates."""

    COMING = "coming", _("Not yet begun")
    RUNNING = "running", _("In force")
    EXPIRING = "expiring", _("Ends soon")
    ENDED = "ended", _("Ended")
    STOPPED = "stopped", _("Switched off")


class ProposalState(models.TextChoices):
    """Where a proposed plan version stands on its way into force."""

    PROPOSED = "proposed", _("waits for the provider")
    PROVIDER_APPROVED = "provider_approved", _("waits for the customer")
    APPROVED = "approved", _("approved by both")
    IN_FORCE = "in_force", _("taken into force")
    REFUSED = "refused", _("refused")
    WITHDRAWN = "withdrawn", _("withdrawn")

    @property
    def is_open(self) -> bool:
        """Whether something may still be decided or is to happen."""
        return self in (self.PROPOSED, self.PROVIDER_APPROVED, self.APPROVED)


OPEN_PROPOSALS = tuple(state.value for state in ProposalState if state.is_open)


class PlanStep(models.TextChoices):
    """What somebody did to a proposal."""

    PROPOSED = "proposed", _("Proposed")
    PROVIDER_APPROVED = "provider_approved", _("Approved by the provider")
    CUSTOMER_APPROVED = "customer_approved", _("Approved by the customer")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    APPLIED = "applied", _("Taken into force")
