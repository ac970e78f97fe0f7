"""Enumerations of tickets; a contract may replace the scales (severity, complexity, urgency, impact)."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Status(TextChoices):
    """Where a ticket stands."""

    NEW = "new", _("new")
    TRIAGED = "triaged", _("triaged")
    ASSIGNED = "assigned", _("assigned")
    ACCEPTED = "accepted", _("in progress")
    WAITING = "waiting", _("waiting")
    RESOLVED = "resolved", _("resolved")
    CONFIRMED = "confirmed", _("confirmed")
    CLOSED = "closed", _("closed")
    CANCELLED = "cancelled", _("cancelled")


class RequestType(TextChoices):
    """What the requester wants."""

    INCIDENT = "incident", _("incident")
    CONSULTATION = "consultation", _("consultation")
    SERVICE_REQUEST = "service_request", _("service request")
    CHANGE = "change", _("change")
    PROBLEM_REPORT = "problem_report", _("problem report")
    COMPLAINT = "complaint", _("complaint")
    PRAISE = "praise", _("praise or suggestion")
    INSPECTION = "inspection", _("inspection appointment")
    EVENT_SUPPORT = "event_support", _("event support")
    DATA_REQUEST = "data_request", _("data request")
    ENHANCEMENT = "enhancement", _("enhancement request")
    SPARE_REQUEST = "spare_request", _("spare request")
    TRAINING_REQUEST = "training_request", _("training request")


class Channel(TextChoices):
    """How a report reached the desk."""

    PHONE = "phone", _("hotline")
    MOBILE = "mobile", _("engineer's mobile")
    MANAGER_LINE = "manager_line", _("project manager's line")
    COMPLAINT_LINE = "complaint_line", _("complaint line")
    EMAIL = "email", _("e-mail")
    FAX = "fax", _("fax")
    PORTAL = "portal", _("portal")
    API = "api", _("interface")
    IM = "im", _("instant message")
    SMS = "sms", _("text message")
    OA = "oa", _("customer's OA")
    MONITORING = "monitoring", _("monitoring")
    WALK_IN = "walk_in", _("in person")


class ChannelGroup(TextChoices):
    """Promises differ by these three."""

    PHONE = "phone", _("by phone")
    ELECTRONIC = "electronic", _("electronic")
    ONSITE = "onsite", _("on site")


class Urgency(TextChoices):
    """How soon business is hurt."""

    LOW = "low", _("low")
    MEDIUM = "medium", _("medium")
    HIGH = "high", _("high")
    CRITICAL = "critical", _("critical")


class Impact(TextChoices):
    """How many are affected."""

    SINGLE = "single", _("one person")
    GROUP = "group", _("several people")
    SITE = "site", _("a whole site")
    ALL = "all", _("the whole customer")


class Priority(TextChoices):
    """The rank that follows from urgency, impact and the contract's level."""

    P1 = "P1", _("P1 highest")
    P2 = "P2", _("P2 high")
    P3 = "P3", _("P3 normal")
    P4 = "P4", _("P4 low")


class Cause(TextChoices):
    """Why it happened, in the categories contracts count by."""

    OPERATION = "operation", _("operating error")
    CONFIGURATION = "configuration", _("configuration error")
    LINE_HARDWARE = "line_hardware", _("communication line or hardware fault")
    SOFTWARE_SHORTCOMING = "software_shortcoming", _("software shortcoming")
    SOFTWARE_ERROR = "software_error", _("software error")
    ENVIRONMENT = "environment", _("environment: power, climate, third party")
    UNKNOWN = "unknown", _("not found")


class ProgramErrorClass(TextChoices):
    """How a program error is dealt with."""

    DISASTER = "disaster", _("disaster, not caused by the system")
    SERIOUS = "serious", _("serious program error, data may be wrong")
    SLIP = "slip", _("ordinary slip")
    MISUSE = "misuse", _("misuse")


class Tier(TextChoices):
    """Who works on it: the desk, engineers, makers and experts."""

    T1 = "T1", _("T1 desk")
    T2 = "T2", _("T2 engineers")
    T3 = "T3", _("T3 makers and experts")


class WaitReason(TextChoices):
    """For whom or what work stands still; the contract says which of these stop a clock."""

    CUSTOMER = "customer", _("the customer")
    VENDOR = "vendor", _("a vendor")
    PART = "part", _("a part")


class Attribution(TextChoices):
    """Whether the product supplied under the contract caused the fault."""

    OURS = "ours", _("our product or service")
    THIRD_PARTY = "third_party", _("another maker's product")
    CUSTOMER = "customer", _("the customer's environment")
    UNDETERMINED = "undetermined", _("not determined")


class Replacement(TextChoices):
    """The user's decision about replacing hardware."""

    NOT_ASKED = "", _("not asked")
    ACCEPTED = "accepted", _("user agrees to replacement")
    DECLINED = "declined", _("user declines replacement")


class EquipmentType(TextChoices):
    """What kind of equipment is affected; routes the ticket to the right people."""

    MACHINE_ROOM = "machine_room", _("machine-room equipment")
    INFRASTRUCTURE = "infrastructure", _("infrastructure")
    FRONT_END = "front_end", _("front-end equipment")
    DESKTOP = "desktop", _("desktop equipment")
    NETWORK = "network", _("network")
    SOFTWARE = "software", _("software")
    DATA = "data", _("data")


class FaultCategory(TextChoices):
    """What kind of fault it looks like."""

    POWER = "power", _("power")
    HARDWARE = "hardware", _("hardware")
    FIBRE = "fibre", _("optical-fibre network")
    NETWORK = "network", _("network")
    OS = "os", _("operating system")
    APPLICATION = "application", _("application")
    DATABASE = "database", _("database")
    VIRUS = "virus", _("virus or security")
    PERIPHERAL = "peripheral", _("printer or other peripheral")
    IMAGE = "image", _("image or recording")
    ACCOUNT = "account", _("account and access")
    OTHER = "other", _("other")


class LinkKind(TextChoices):
    """How two tickets belong together, read from the first to the second."""

    RELATES = "relates", _("relates to")
    DUPLICATE = "duplicate", _("is a duplicate of")
    PARENT = "parent", _("is part of")


class CancelReason(TextChoices):
    """Why a ticket ends without work."""

    WITHDRAWN = "withdrawn", _("withdrawn by the requester")
    MISTAKE = "mistake", _("recorded by mistake")
    DUPLICATE = "duplicate", _("duplicate of another ticket")
