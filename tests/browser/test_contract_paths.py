"""A fault under each reference contract from the call to the evidence, with what that contract asks on the way."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from running_stack import Stack

from . import steps
from .conftest import NARROW, Person
from .steps import SEND, act, fill, in_drawer, press, send_drawer, visit_of

CAST = Path(__file__).with_name("contract_cast.py")


@dataclass(frozen=True)
class Course:
    """What is particular to a contract.

    kept: promises of this ticket that must be kept in the end. late: the one a ticket nobody answered keeps too late.
    limits: what the evidence of the second says of its limit once the ticket is graded. pauses: whether a clock
    stands still while the user is waited for. asks: what begin, leave, resolve and close must want first.
    """

    kept: tuple[str, ...]
    late: str
    graded: str = ""
    limits: tuple[str, ...] = ()
    pauses: bool = False
    cause: str = ""
    asks: frozenset[str] = field(default_factory=frozenset)


PATHS = {
    "gov-build": Course(
        ("一小时响应", "两小时到场", "四小时解决", "现场操作逐项许可", "用户决定更换硬件"),
        "一小时响应",
        cause="line_hardware",
        asks=frozenset({"permission", "backups", "replacement"}),
    ),
    "sw-warranty": Course(
        ("一级响应", "一级八小时解决", "现场报告会签"),
        "一小时响应底线",
        graded="L1",
        asks=frozenset({"signatures"}),
    ),
    "platform-equip": Course(
        ("响应时限", "解决时限", "每个事件有记录", "协助定位故障归属"),
        "响应时限",
        asks=frozenset({"handling", "attribution"}),
    ),
    "desktop": Course(("电话三十分钟响应",), "电话三十分钟响应", asks=frozenset({"description"})),
    "field-video": Course(
        ("十分钟响应", "市区三十分钟到场", "故障记录完整"), "十分钟响应", asks=frozenset({"handling"})
    ),
    "hospital-equipment": Course(
        ("报修响应", "工程师到场", "修复开机", "维修记录完整"),
        "报修响应",
        graded="life-support",
        limits=("/ 30分",),
        pauses=True,
        asks=frozenset({"cause"}),
    ),
    "campus-network": Course(
        ("响应", "到场", "网络恢复"),
        "响应",
        graded="building",
        limits=("/ 30分", "教学时间"),
        pauses=True,
    ),
    "bank-atm": Course(
        ("十分钟受理", "到达设备", "恢复服务", "银行双人到场", "现金风险签认后关闭"),
        "十分钟受理",
        graded="cash-risk",
        pauses=True,
        asks=frozenset({"settlement"}),
    ),
}


@pytest.fixture(scope="module")
def worlds(stack: Stack) -> dict[str, Any]:
    """Who lives under each contract."""
    said = stack.run(sys.executable, str(CAST), stack.cast["password"], *PATHS)
    return json.loads(said.splitlines()[-1])


@pytest.mark.parametrize("plan", PATHS)
def test_from_the_call_to_the_verdict(
    plan: str, person: Callable[..., Person], stack: Stack, worlds: dict[str, Any]
) -> None:
    path, world = PATHS[plan], worlds[plan]
    desk, phone, portal = _people(person, world)
    desk.go("/desk/")
    number, _pressed = steps.log_a_call(desk.page, world["phone"], "业务系统打不开")
    expect(desk.page.locator("#ticket")).to_contain_text(world["caller"])
    expect(desk.page.locator("#ticket")).to_contain_text(world["site"])
    expect(desk.page.locator("#ticket")).to_contain_text(world["code"])
    if path.graded:
        act(desk.page, number, "triage", urgency="high", impact="site", severity=path.graded)
    if path.limits:
        _limit_of_the_grade(desk, number, path)
    _dispatch(desk, number, world, path)
    _step(phone, number)
    _wait(desk, number, path)
    _on_site(phone, portal, number, path)
    _leave(phone, portal, number, world, path)
    _resolve(desk, portal, number, path)
    act(desk.page, number, "call-back", text="已恢复")
    page = portal.go(f"/portal/requests/{number}/")
    page.locator("form[action$='/confirm/'] button").click()
    expect(page.locator("form[action$='/confirm/']")).to_have_count(0)
    _close(desk, portal, number, world, path)
    _verdicts(desk, number, world, path)


def _people(person: Callable[..., Person], world: dict[str, Any]) -> tuple[Person, Person, Person]:
    desk = person("agent.zh")
    phone = person(world["engineer_user"], width=NARROW)
    portal = person(world["caller_user"])
    for somebody in (desk, phone):
        somebody.expected += ["409", "422"]  # a refusal is an answer
    return desk, phone, portal


def _refused(page: Page, words: str, link: str) -> None:
    """The drawer says what is missing; one click leads to where it is given."""
    page.locator(f"#drawer {SEND}").click()
    expect(page.locator("#drawer [role=alert]")).to_contain_text(words)
    page.locator(f"#drawer .sy-chip-list a[href*='{link}']").click()


def _limit_of_the_grade(desk: Person, number: str, path: Course) -> None:
    """The grade decides how much time there is to be there, and in which hours it counts."""
    page = desk.page
    row = page.locator(".sy-promise", has=page.get_by_role("link", name=path.kept[1], exact=True))
    row.get_by_role("link", name="佐证").click()
    for words in path.limits:
        expect(page.locator("main")).to_contain_text(words)
    desk.go(f"/tickets/{number}/")


def _dispatch(desk: Person, number: str, world: dict[str, Any], path: Course) -> None:
    page = desk.page
    in_drawer(page, f"/tickets/{number}/visits/dispatch/")
    chosen = page.locator("#drawer select[name=engineer_id]")
    expect(chosen).to_have_value(str(world["engineer_id"]))  # the one engineer of this contract
    assert chosen.locator("optgroup").first.locator("option").all_inner_texts() == [world["engineer"]]
    if "description" in path.asks:
        _refused(page, "故障", f"/tickets/{number}/edit/")
        page.wait_for_url("**/edit/")
        page.fill("textarea[name=description]", "登录后报错。")
        page.locator(SEND).click()
        page.wait_for_url(f"**/tickets/{number}/")
        in_drawer(page, f"/tickets/{number}/visits/dispatch/")
    send_drawer(page)
    expect(page.locator("#ticket")).to_contain_text(world["engineer"])


def _step(phone: Person, number: str) -> None:
    """The engineer's big button."""
    page = phone.go("/visits/")
    with page.expect_navigation():
        visit_of(page, number).locator("button.btn-lg").click()


def _on_site(phone: Person, portal: Person, number: str, path: Course) -> None:
    for _state in ("departed", "arrived"):
        _step(phone, number)
    page = phone.page
    visit_of(page, number).locator("a[href$='/begin/']").click()
    page.check("input[name=uses][value=server-operation]")
    page.locator(SEND).click()
    if "permission" in path.asks:
        expect(page.locator("form [role=alert]")).to_contain_text("操作服务器")
        page.locator("form .sy-chip-list a").click()
        page.fill("textarea[name=scope]", "重启应用服务器，约五分钟。")
        page.locator(SEND).click()
        page.wait_for_url("**/signoffs/*-S-*/")
        _answer(portal, page.url)
        phone.go("/visits/")
        visit_of(page, number).locator("a[href$='/begin/']").click()
        page.check("input[name=uses][value=server-operation]")
        page.locator(SEND).click()
    page.wait_for_url("**/visits/")


def _answer(somebody: Person, address: str, name: str = "", *, by_keyboard: bool = False) -> None:
    """Agree, or sign, what one is asked; by keyboard the typed name is the signature."""
    page = somebody.page
    page.goto(address)
    if name:
        page.fill(".sy-own-answer input[name=typed_name]", name)
    if by_keyboard:
        page.keyboard.press("Enter")  # nothing drawn: the page says what is missing, and leads there
        expect(page.locator("[data-signature-missing]")).to_be_visible()
        expect(page.locator("[data-signature-typed]")).to_be_focused()
        page.keyboard.press("Space")
    elif name:
        pad = page.locator(".sy-own-answer canvas")
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 20, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 120, box["y"] + 30, steps=5)
        page.mouse.up()
    with page.expect_navigation():
        page.locator(".sy-own-answer button.btn-primary").click()
    expect(page.locator(".sy-own-answer")).to_have_count(0)


def _wait(desk: Person, number: str, path: Course) -> None:
    """Waiting for the user stops a clock only where the contract says so."""
    page = desk.go(f"/tickets/{number}/")
    act(page, number, "wait", reason="customer")
    expect(page.locator("#ticket")).to_contain_text("等待中")
    paused = page.locator("#ticket-clocks, .sy-promise").filter(has_text="已暂停")
    if path.pauses:
        expect(paused.first).to_be_visible()
    else:
        expect(paused).to_have_count(0)
    press(page, number, "resume")


def _leave(phone: Person, portal: Person, number: str, world: dict[str, Any], path: Course) -> None:
    page = phone.go("/visits/")
    visit_of(page, number).locator("a.btn-primary.btn-lg").click()
    warned = path.asks & {"signatures", "backups"}
    expect(page.get_by_text("合同要求，此步之前须：")).to_have_count(1 if warned else 0)
    if "signatures" in path.asks:
        page.locator("form .sy-chip-list a").click()
        page.locator(SEND).click()
        page.wait_for_url("**/signoffs/*-S-*/")
        sheet = page.url
        _answer(phone, sheet, world["engineer"])
        _answer(portal, sheet, world["caller"], by_keyboard=True)
        phone.go("/visits/")
        visit_of(page, number).locator("a.btn-primary.btn-lg").click()
    page.locator("input[name=outcome]").first.check()
    page.fill("textarea[name=report]", "更换电源，恢复正常。")
    page.locator(SEND).click()
    if warned:  # nobody breaks the contract unawares
        expect(page.get_by_text("缺少以下内容即记为一次违约：")).to_be_visible()
        page.select_option("select[name=backups]", "none")
        page.fill("input[name=diagnosed_with]", "研发 高工")
        page.locator(SEND).click()
    page.wait_for_url("**/visits/")


def _resolve(desk: Person, portal: Person, number: str, path: Course) -> None:
    page = desk.go(f"/tickets/{number}/")
    values = {"handling": "更换电源模块", "result": "恢复正常"}
    if path.cause:
        act(page, number, "handling", cause=path.cause, **values)
    if "replacement" in path.asks:
        in_drawer(page, f"/tickets/{number}/resolve/")
        _refused(page, "更换", f"/tickets/{number}/replacement/")
        page.locator("#drawer input[name=accepted][value=yes]").check()
        send_drawer(page)
        in_drawer(page, f"/tickets/{number}/resolve/")
        send_drawer(page)
        return
    if "cause" in path.asks:  # the form points at the field it lacks and keeps what was typed
        fill(page, number, "resolve", **values)
        page.locator(f"#drawer {SEND}").click()
        expect(page.locator("#drawer [role=alert]")).to_contain_text("维修记录完整")
        expect(page.locator("#drawer textarea[name=handling]")).to_have_value(values["handling"])
        page.locator("#drawer select[name=cause]").select_option(index=1)
        send_drawer(page)
        return
    act(page, number, "resolve", **values)


def _close(desk: Person, portal: Person, number: str, world: dict[str, Any], path: Course) -> None:
    page = desk.go(f"/tickets/{number}/")
    if "settlement" in path.asks:
        in_drawer(page, f"/tickets/{number}/close/")
        _refused(page, "现金风险签认后关闭", "/signoffs/")
        page.locator(SEND).click()
        page.wait_for_url("**/signoffs/*-S-*/")
        _answer(portal, page.url, world["caller"])
        desk.go(f"/tickets/{number}/")
    for wanted in ("handling", "attribution"):
        if wanted not in path.asks:
            continue
        in_drawer(page, f"/tickets/{number}/close/")
        _refused(page, "未满足", f"/{wanted}/")
        if wanted == "handling":
            page.locator("#drawer select[name=cause]").select_option(index=1)
        else:
            page.locator("#drawer input[name=attribution]").first.check()
        send_drawer(page)
    act(page, number, "close")
    expect(page.locator("h1, h2.page-title").first).to_contain_text("已关闭")


def _verdicts(desk: Person, number: str, world: dict[str, Any], path: Course) -> None:
    """The page of the ticket, the evidence and the board of the contract agree."""
    page = desk.page
    for title in path.kept:
        row = page.locator(".sy-promise", has=page.get_by_role("link", name=title, exact=True))
        expect(row).to_contain_text("已兑现")
    page.locator(".sy-promise", has_text=path.kept[0]).get_by_role("link", name="佐证").click()
    expect(page.locator("main")).to_contain_text(number)
    expect(page.locator("main")).to_contain_text("已兑现")
    desk.go(f"/tickets/{world['late']}/")
    if page.locator(f"a[href$='/tickets/{world['late']}/respond/']").count():
        act(page, world["late"], "respond", text="刚刚看到，马上处理。")
    row = page.locator(".sy-promise", has=page.get_by_role("link", name=path.late, exact=True))
    expect(row).to_contain_text("逾期兑现")
    row.get_by_role("link", name="佐证").click()
    expect(page.locator("main")).to_contain_text(world["late"])
    expect(page.locator("main")).to_contain_text("逾期兑现")
    desk.go(f"/promises/{world['code']}/")
    expect(page.locator("main")).to_contain_text(path.late)
