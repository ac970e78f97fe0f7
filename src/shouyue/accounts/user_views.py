"""Pages for the officers: who has an account, with which roles."""

from __future__ import annotations

import csv
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid
from shouyue.web.form_errors import add_errors
from shouyue.web.htmx import go, render_page
from shouyue.web.lists import Choice, Column, Empty, Export, Filter, ListPage, filters_from, keyset

from . import access, forms, queries, services
from .choices import GlobalRole
from .models import User
from .officers import over_all_users
from .views import profile_of

COLUMNS = (
    Column(key="name", label=_("Full name")),
    Column(key="username", label=_("User name")),
    Column(key="roles", label=_("Roles in every contract")),
    Column(key="phone", label=_("Phone")),
    Column(key="side", label=_("Works for")),
    Column(key="last_login", label=_("Last sign-in")),
    Column(key="state", label=_("State")),
)
FILTERS = (
    Filter(key="q", label=_("Search"), kind="search", placeholder=_("Name, pinyin, user name, phone")),
    Filter(
        key="role",
        label=_("Role"),
        choices=[Choice(value=value, label=label) for value, label in GlobalRole.choices],
    ),
    Filter(
        key="state",
        label=_("State"),
        choices=[Choice(value="active", label=_("Active")), Choice(value="inactive", label=_("Inactive"))],
    ),
)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@require_GET
@over_all_users
def users(request: HttpRequest) -> HttpResponse:
    """All accounts."""
    filters = filters_from(request, FILTERS)
    values = {item.key: item.value for item in filters}
    found = queries.managed_users(
        _actor(request), text=values["q"], role=values["role"], state=values["state"]
    )
    page = keyset(found, order=("name_key", "id"), cursor=request.GET.get("after", ""))
    export = f"{reverse('accounts:export_users')}?{request.GET.urlencode()}"
    listed = ListPage(
        id="users",
        caption=_("Users"),
        columns=COLUMNS,
        rows=[UserRow(user) for user in page.rows],
        row_template="accounts/_user_row.html",
        empty=Empty(title=_("No accounts"), icon="users"),
        filters=filters,
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
        exports=[Export(label="CSV", url=export)],
    )
    can = {"create": access.manages_users(_actor(request))}
    return render_page(request, "accounts/users.html", {"list": listed, "can": can}, part="list")


class UserRow:
    """A user with the labels of the roles held."""

    def __init__(self, user: User) -> None:
        labels = dict(GlobalRole.choices)
        self.user = user
        self.roles = [labels.get(role, role) for role in user.roles]


@require_GET
@over_all_users
def export_users(request: HttpRequest) -> HttpResponse:
    """The filtered list as CSV, readable by spreadsheet programs (UTF-8 with a mark)."""
    found = queries.managed_users(
        _actor(request),
        text=request.GET.get("q", "").replace("\x00", ""),
        role=request.GET.get("role", ""),
        state=request.GET.get("state", ""),
    )
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="users.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(
        [
            __("Full name"),
            __("User name"),
            __("Roles in every contract"),
            __("Phone"),
            __("E-mail"),
            __("Active"),
        ]
    )
    for user in found.iterator():
        row = UserRow(user)
        values = (user.name, user.username, "; ".join(map(str, row.roles)), user.phone, user.email)
        writer.writerow([*map(_harmless, values), __("Yes") if user.is_active else __("No")])
    return response


def _harmless(value: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
@over_all_users
def create_user(request: HttpRequest) -> HttpResponse:
    """Make an account for somebody of the provider."""
    actor = _actor(request)
    access.require_manages_users(actor)
    initial = {
        "language": actor.language,
        "time_zone": actor.time_zone,
        "password": services.generated_password(),
    }
    form = forms.NewUserForm(request.POST or None, initial=initial, may_grant=access.grants_roles(actor))
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_user(actor=actor, **form.cleaned_data)
        except (Conflict, Invalid) as error:
            add_errors(form, error)
        else:
            return go(request, reverse("accounts:user", args=[made.id]), _("The account is made."))
    return render(request, "accounts/create_user.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@over_all_users
def user(request: HttpRequest, user_id: int) -> HttpResponse:
    """One account: profile, roles, password, active or not."""
    actor = _actor(request)
    found = queries.managed_user(actor, user_id)
    form = forms.ProfileForm(request.POST or None, initial=profile_of(found))
    if request.method == "POST" and form.is_valid():
        try:
            services.change_user(actor=actor, user_id=user_id, **form.cleaned_data)
        except (Conflict, Invalid) as error:
            add_errors(form, error)
        else:
            return go(request, reverse("accounts:user", args=[user_id]), _("The account is saved."))
    return _user_page(request, found, {"form": form}, status=422 if form.errors else 200)


def _user_page(
    request: HttpRequest, found: User, changes: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    actor = _actor(request)
    own = actor.user_id == found.id
    context = {
        "row": UserRow(found),
        "form": forms.ProfileForm(initial=profile_of(found)),
        "roles_form": forms.RolesForm(initial={"roles": found.roles}),
        "password_form": forms.NewPasswordForm(initial={"password": services.generated_password()}),
        "can": {
            "change": access.manages_users(actor),
            "roles": access.grants_roles(actor) and not own and found.customer_id == 0,
            "password": access.manages_users(actor) and (access.grants_roles(actor) or not found.roles),
            "shut_out": access.manages_users(actor) and not own,
        },
    }
    return render(request, "accounts/user.html", context | changes, status=status)


@require_POST
@over_all_users
def change_roles(request: HttpRequest, user_id: int) -> HttpResponse:
    """Set the roles held in every contract."""
    actor = _actor(request)
    found = queries.managed_user(actor, user_id)
    form = forms.RolesForm(request.POST)
    if form.is_valid():
        try:
            services.change_roles(actor=actor, user_id=user_id, roles=form.cleaned_data["roles"])
        except Invalid as error:
            add_errors(form, error)
        else:
            return go(request, reverse("accounts:user", args=[user_id]), _("The roles are saved."))
    return _user_page(request, found, {"roles_form": form}, status=422)


@require_POST
@over_all_users
def activate(request: HttpRequest, user_id: int) -> HttpResponse:
    """Let somebody in again."""
    services.activate_user(actor=_actor(request), user_id=user_id)
    return go(request, reverse("accounts:user", args=[user_id]), _("The account is active."))


@require_POST
@over_all_users
def deactivate(request: HttpRequest, user_id: int) -> HttpResponse:
    """Shut somebody out at once."""
    services.deactivate_user(actor=_actor(request), user_id=user_id)
    return go(request, reverse("accounts:user", args=[user_id]), _("The account is shut out."))


@sensitive_post_parameters()
@never_cache
@require_POST
@over_all_users
def set_password(request: HttpRequest, user_id: int) -> HttpResponse:
    """Give somebody a new password for the next sign-in."""
    actor = _actor(request)
    found = queries.managed_user(actor, user_id)
    form = forms.NewPasswordForm(request.POST)
    if form.is_valid():
        try:
            services.set_password(actor=actor, user_id=user_id, password=form.cleaned_data["password"])
        except Invalid as error:
            add_errors(form, error)
        else:
            text = _("The password is set; all sessions of this person have ended.")
            return go(request, reverse("accounts:user", args=[user_id]), text)
    return _user_page(request, found, {"password_form": form}, status=422)
