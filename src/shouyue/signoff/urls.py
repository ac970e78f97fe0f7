"""Routes."""

from django.urls import path

from .choices import SendingChannel, Verdict
from .views import lists, pages, public

app_name = "signoff"

urlpatterns = [
    path("signoffs/", lists.signoffs, name="signoffs"),
    path("signoffs/export/", lists.export, name="export"),
    path("signoffs/waiting/", lists.waiting, name="waiting"),
    path("signoffs/ask/", pages.ask, name="ask"),
    path("signoffs/<str:number>/", pages.show, name="signoff"),
    path("signoffs/<str:number>/print/", pages.print_view, name="print"),
    path("signoffs/<str:number>/document/", pages.document, name="document"),
    path("signoffs/<str:number>/withdraw/", pages.withdraw, name="withdraw"),
    path("signoffs/<str:number>/cancel/", pages.cancel, name="cancel"),
    path(
        "signoffs/<str:number>/steps/<int:step_id>/give/",
        pages.answer,
        {"verdict": Verdict.GIVEN},
        name="give",
    ),
    path(
        "signoffs/<str:number>/steps/<int:step_id>/refuse/",
        pages.answer,
        {"verdict": Verdict.REFUSED},
        name="refuse",
    ),
    path("signoffs/<str:number>/steps/<int:step_id>/link/", pages.make_link, name="make_link"),
    *(
        path(
            f"signoffs/<str:number>/steps/<int:step_id>/send/{channel}/",
            pages.send_link,
            {"channel": channel},
            name=f"send_{channel}",
        )
        for channel in SendingChannel.values
    ),
    path("signoffs/<str:number>/steps/<int:step_id>/record/", pages.record_answer, name="record"),
    path("signoffs/<str:number>/steps/<int:step_id>/scan/", pages.upload_scan, name="scan"),
    path("signoffs/<str:number>/links/<int:link_id>/revoke/", pages.revoke_link, name="revoke_link"),
    path("delegations/", lists.delegations, name="delegations"),
    path("delegations/<int:delegation_id>/end/", lists.end_delegation, name="end_delegation"),
    path("answer/done/", public.answered, name="answered"),
    path("answer/<str:token>/", public.answer, name="answer"),
    path("answer/<str:token>/document/", public.document, name="answer_document"),
]
