"""The style guide in a real browser: what scripts do, both languages, both widths, light and dark."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

import shouyue
from shouyue.web import navigation

from .conftest import make_actor

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = Path(shouyue.__file__).parent / "web/static/vendor/dev/axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
]

PATIENCE_MS = 30_000
"""How long what must come may take on a busy machine."""
expect.set_options(timeout=PATIENCE_MS)

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def open_page(browser, site, sign_in):
    contexts, complaints = [], []

    def start(path="/styleguide/", *, width=1440, dark=False, language="zh-hans", script="") -> Page:
        sign_in(make_actor(roles=frozenset({"system_admin"}), language=language))
        context = browser.new_context(
            viewport={"width": width, "height": 860},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.add_init_script(script)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.complaints = complaints
        page.goto(site + path)
        return page

    yield start
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page):
    opened = open_page()
    yield opened
    assert opened.complaints == []


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_component_is_accessible_and_fits(open_page, width, dark, language):
    page = open_page(width=width, dark=dark, language=language)
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    serious = [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("serious", "critical")]
    assert serious == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.complaints == []


def test_the_policy_stops_a_smuggled_script(open_page):
    page = open_page()
    page.evaluate(
        """() => { const s = document.createElement('script'); s.textContent = 'window.smuggled = 1';
                   document.body.append(s); }"""
    )
    assert page.evaluate("window.smuggled") is None
    assert any("Content Security Policy" in text for text in page.complaints)


def test_a_countdown_ignores_a_wrong_device_clock(open_page):
    """One began at four minutes left, one at ten seconds over, whenever the page is looked at."""
    page = open_page(script="Date.now = () => 978307200000;")
    times = page.locator("#countdowns time")
    expect(times.nth(1)).to_have_text(re.compile(r"^剩余 3:\d\d$"))
    expect(times.nth(2)).to_have_text(re.compile(r"^超时 0:\d\d$"))
    left, over = times.all_inner_texts()[1:3]
    assert 249 <= _seconds(left) + _seconds(over) <= 251
    expect(times.nth(1)).not_to_have_text(left)


def _seconds(text):
    minutes, seconds = re.search(r"(\d+):(\d\d)", text).groups()
    return int(minutes) * 60 + int(seconds)


def test_a_countdown_that_runs_out_turns_overdue(page):
    page.evaluate(
        """() => { const t = document.querySelector('#countdowns time');
                   t.dataset.countdown = new Date(Date.now() + 1200).toISOString(); }"""
    )
    expect(page.locator("#countdowns time").first).to_contain_class("is-overdue")
    expect(page.locator("#countdowns time").first).to_contain_text("超时 0:0")


def test_dark_mode_is_chosen_kept_and_shown_at_once(page):
    page.get_by_role("button", name="外观").click()
    page.get_by_role("button", name="深色").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_keyboard_help_lists_the_shortcuts_of_the_page(page):
    page.keyboard.press("?")
    dialog = page.locator("#shortcuts")
    expect(dialog).to_be_visible()
    expect(dialog.locator("dd", has_text="消息提示")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_shortcuts_act_but_rest_in_fields(page):
    page.keyboard.press("/")
    expect(page.locator("#sample-list-q")).to_be_focused()
    page.keyboard.type("n?")
    expect(page.locator("#sample-list-q")).to_have_value("n?")
    expect(page.locator("#toasts [data-toast]")).to_have_count(0)


def test_a_sequence_of_keys_follows_the_link(open_page):
    navigation.register(
        navigation.Item(key="t", label="Desk", url_name="desk", icon="inbox", shortcut="g q", area="operate")
    )
    page = open_page()
    page.keyboard.press("g")
    page.keyboard.press("q")
    page.wait_for_url("**/desk/")


def test_toast_appears_once_and_can_be_closed(page):
    page.get_by_role("button", name="消息提示").click()
    expect(page.locator("#toasts")).to_contain_text("已保存")
    page.locator("#toasts [data-toast-close]").click()
    expect(page.locator("#toasts [data-toast]")).to_have_count(0)


def test_a_dialog_gives_the_focus_back(page):
    button = page.get_by_role("button", name="对话框")
    button.click()
    expect(page.locator("#sample-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#sample-dialog")).to_be_hidden()
    expect(button).to_be_focused()


def test_the_drawer_opens_with_its_part(page):
    page.get_by_role("link", name="侧边抽屉").click()
    expect(page.locator("#drawer")).to_be_visible()
    expect(page.locator("#drawer-note")).to_be_focused()


def test_a_message_stands_before_an_open_drawer_and_stays_when_it_closes(page):
    page.get_by_role("link", name="侧边抽屉").click()
    expect(page.locator("#drawer")).to_be_visible()
    page.evaluate("""() => document.body.dispatchEvent(
        new CustomEvent("toast", {bubbles: true, detail: {items: [{text: "没有响应", level: "error"}]}}))""")
    expect(page.locator("dialog#drawer #toasts")).to_contain_text("没有响应")
    page.keyboard.press("Escape")
    expect(page.locator("body > #toasts [data-toast]")).to_be_visible()
    page.locator("#toasts [data-toast-close]").click()
    expect(page.locator("#toasts [data-toast]")).to_have_count(0)


def test_confirm_asks_before_it_lets_through(page):
    page.evaluate(
        "() => { window.done = 0; document.getElementById('sample-delete').addEventListener('click', () => done++); }"
    )
    page.locator("#sample-delete").click()
    expect(page.locator("#confirm")).to_contain_text("草稿删除后无法恢复")
    page.locator("#confirm [data-dialog-close]").click()
    assert page.evaluate("done") == 0
    page.locator("#sample-delete").click()
    page.locator("#confirm [data-confirm-yes]").click()
    page.wait_for_function("() => done === 1")


def test_a_failed_request_shows_the_servers_words(open_page):
    page = open_page()
    page.locator("#fail-409").click()
    expect(page.locator("#alerts")).to_contain_text("记录已被他人修改")


def test_unsent_text_survives_a_reload_and_can_be_discarded(page):
    field = page.locator("#sample-form textarea")
    field.fill("现场需要备件")
    page.wait_for_function("() => Object.values(sessionStorage).some(kept => kept.includes('现场需要备件'))")
    page.reload()
    expect(field).to_have_value("现场需要备件")
    page.get_by_role("button", name="丢弃").click()
    expect(field).to_have_value("核心交换机告警,二层办公室断网")


def test_a_draft_outlives_a_conflict_but_not_a_success(open_page, site):
    page = open_page()
    field = page.locator("#sample-form textarea")
    for answer, kept in [("/fail/conflict/", True), ("/desk/", False)]:
        page.evaluate("path => document.getElementById('sample-form').action = path", answer)
        field.fill("第二次填写")
        page.locator("#sample-form button.btn-primary").click()
        page.wait_for_url(f"**{answer}")
        page.goto(f"{site}/styleguide/")
        assert (field.input_value() == "第二次填写") is kept


def test_a_double_click_sends_once(page):
    posts = []
    page.route(
        "**/styleguide/", lambda route: (posts.append(route.request.post_data), route.fulfill(status=204))
    )
    with page.expect_request("**/styleguide/"):
        page.evaluate(
            """() => { const button = document.querySelector('#sample-form button.btn-primary');
                       button.click(); button.click(); }"""
        )
    page.wait_for_timeout(500)
    assert len(posts) == 1
    assert len(page.locator("[data-idempotency-key]").input_value()) == 32


def test_the_combobox_is_driven_by_keys(page):
    box = page.get_by_role("combobox", name="联系人")
    box.press_sequentially("李")
    expect(page.locator("#contact-options [role=option]")).to_have_count(1)
    box.press("Enter")
    expect(box).to_have_value("李晓梅")
    expect(page.locator("input[name=contact]")).to_have_value("2")
    expect(box).to_have_attribute("aria-expanded", "false")


def test_text_without_a_choice_is_not_kept(page):
    box = page.get_by_role("combobox", name="联系人")
    box.fill("无此人")
    expect(page.locator("#contact-options")).to_contain_text("没有匹配项")
    page.locator("#sample-list-q").focus()
    expect(box).to_have_value("")


def test_too_big_a_file_is_refused_before_it_is_sent(page):
    page.locator("input[type=file]").set_input_files(
        [
            {"name": "big.bin", "mimeType": "application/octet-stream", "buffer": b"x" * 1_200_000},
            {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": b"x" * 1000},
        ]
    )
    expect(page.locator("[data-upload-error]")).to_have_text("big.bin 超过 1.0 MB。")
    expect(page.locator("[data-upload-list] li")).to_have_count(1)
    assert page.evaluate("document.querySelector('input[type=file]').files.length") == 1


def test_new_rows_appear_within_two_seconds_and_keep_the_focus(page, site):
    page.wait_for_timeout(800)
    page.locator("#sample-list-q").focus()
    page.evaluate("document.querySelector('#sample-list tbody tr').remove()")
    page.context.add_cookies([{"name": "styleguide_version", "value": "2", "url": site}])
    page.wait_for_function(
        "() => document.querySelectorAll('#sample-list tbody tr').length === 4", timeout=2500
    )
    expect(page.locator("#sample-list tr.is-new")).to_have_count(1)
    expect(page.locator("#sample-list-q")).to_be_focused()


def test_offline_is_said_and_taken_back(open_page):
    page = open_page()
    page.context.set_offline(True)
    expect(page.locator("[data-offline]")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("[data-offline]")).to_be_hidden()


def test_without_network_the_offline_page_answers(open_page, site):
    page = open_page()
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    page.context.set_offline(True)
    page.goto(f"{site}/desk/")
    expect(page.get_by_role("heading", name="网络已断开")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.sy-bare')).display") == "flex"
    page.context.set_offline(False)
    page.get_by_role("button", name="重试").click()
    expect(page.locator(".sy-frame")).to_be_visible()


def test_j_and_k_walk_through_the_rows(page):
    for key in ("j", "j", "k"):
        page.keyboard.press(key)
    expect(page.locator("#sample-1 a")).to_be_focused()


def test_the_menu_of_a_phone_opens_and_closes(open_page):
    page = open_page(width=390)
    expect(page.locator("#nav")).to_be_hidden()
    page.get_by_role("button", name="菜单", exact=True).click()
    expect(page.locator("#nav")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#nav")).to_be_hidden()


def test_a_table_becomes_cards_on_a_phone(open_page):
    page = open_page(width=390)
    cell = page.locator("#sample-1 td").nth(2)
    assert page.evaluate("e => getComputedStyle(e, '::before').content", cell.element_handle()) == '"负责人"'
    box = page.locator("#sample-1").bounding_box()
    assert box["width"] <= 390


def test_the_search_filters_while_typing(page):
    page.locator("#sample-list-q").press_sequentially("路口")
    expect(page.locator("#sample-list tbody tr")).to_have_count(1)
    expect(page.locator("#sample-list-q")).to_be_focused()
    assert "q=%E8%B7%AF%E5%8F%A3" in page.url


def test_the_language_switch_works_without_scripts(browser, site, sign_in):
    sign_in(None)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + "/offline/")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    context.close()
