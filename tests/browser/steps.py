"""The pages of the main path as people use them: the desk, the phone of the engineer, the portal, the evidence."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

NUMBER = re.compile(r"/tickets/([A-Z0-9]+-\d{4}-\d+)/")
SEND = "button[data-shortcut='Ctrl+Enter']"


def log_a_call(page: Page, phone: str, title: str) -> tuple[str, int]:
    """By keyboard alone. Returns the number of the ticket and how many times a key or a word was pressed."""
    pressed = 0
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url("**/desk/log/")
    expect(page.locator("#id_caller")).to_be_focused()
    page.keyboard.type(phone)
    expect(page.locator("#id_requester_id")).not_to_have_value("")
    page.keyboard.press("Tab")
    expect(page.locator("#id_title")).to_be_focused()
    page.keyboard.type(title)
    page.keyboard.press("Control+Enter")
    pressed += 2 + len(phone) + 1 + len(title) + 1
    page.wait_for_url(NUMBER)
    found = NUMBER.search(page.url)
    assert found is not None
    return found[1], pressed


def in_drawer(page: Page, link: str) -> None:
    """Follow a link that opens the drawer, behind "more" where it is hidden."""
    target = page.locator(f"a[href$='{link}']").first
    if not target.is_visible():
        page.locator("details.sy-actions summary").click()
    target.click()
    expect(page.locator("#drawer form")).to_be_visible()


def send_drawer(page: Page) -> None:
    """Send the form of the drawer and wait for the page that follows."""
    with page.expect_navigation():
        page.locator(f"#drawer {SEND}").click()


def fill(page: Page, number: str, slug: str, **values: str) -> None:
    """Open the form of an act beside the ticket's page and fill it in."""
    in_drawer(page, f"/tickets/{number}/{slug}/")
    for name, value in values.items():
        field = page.locator(f"#drawer [name={name}]")
        if field.first.get_attribute("type") == "radio":
            page.locator(f"#drawer [name={name}][value={value}]").check()
        elif field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def act(page: Page, number: str, slug: str, **values: str) -> None:
    """One act of the ticket's page by its form; the page is open."""
    fill(page, number, slug, **values)
    send_drawer(page)


def press(page: Page, number: str, slug: str) -> None:
    """One act of the ticket's page by its button; the page is open."""
    button = page.locator(f"form[action$='/tickets/{number}/{slug}/'] button").first
    if not button.is_visible():
        page.locator("details.sy-actions summary").click()
    with page.expect_navigation():
        button.click()


def visit_of(page: Page, number: str) -> Locator:
    """The card of this ticket's visit on the engineer's phone."""
    return page.locator("#my-visits article", has_text=number)


def close(page: Page, number: str) -> None:
    """Close the ticket by its main button, after the call-back where the plan asks for one."""
    for slug in ("call-back", "close"):
        form, link = f"form[action$='/tickets/{number}/{slug}/']", f"a[href$='/tickets/{number}/{slug}/']"
        if page.locator(f"{form}, {link}").count() == 0:
            continue
        if page.locator(form).count():
            if not page.locator(form).first.is_visible():
                page.locator("details.sy-actions summary").click()
            page.locator(f"{form} button").first.click()
            page.wait_for_load_state()
        else:
            in_drawer(page, f"/tickets/{number}/{slug}/")
            if page.locator("#drawer select[name=to]").count():
                page.select_option("#drawer select[name=to]", index=1)
            send_drawer(page)
