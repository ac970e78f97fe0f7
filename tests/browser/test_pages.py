"""Every page a person can reach from the navigation, in both languages and widths: axe-core, words, overflow."""

from __future__ import annotations

import re

import pytest

from .conftest import NARROW, WIDE, overflow, serious_faults

pytestmark = pytest.mark.walk

ROLES = (
    "agent",
    "manager",
    "project",
    "engineer",
    "customer",
    "supervision",
    "auditor",
    "sysadmin",
    "secadmin",
)
MORE = {
    "agent": [
        "/tickets/{accepted}/",
        "/tickets/{resolved}/",
        "/tickets/{new}/edit/",
        "/tickets/{new}/assign/",
        "/tickets/{accepted}/visits/dispatch/",
        "/tickets/{accepted}/resolve/",
        "/desk/?due=overdue",
        "/contracts/GB/",
        "/contracts/GB/promises/",
        "/promises/GB/",
        "/customers/1/",
        "/profile/sessions/",
        "/profile/tokens/",
    ],
    "manager": [
        "/contracts/GB/edit/",
        "/contracts/GB/versions/1/",
        "/contracts/new/",
        "/calendars/table:CN/",
    ],
    "project": [
        "/contracts/GB/members/",
        "/contracts/GB/milestones/",
        "/contracts/GB/plan/",
    ],
    "engineer": ["/visits/1/", "/visits/1/arrive/", "/tickets/{visited}/"],
    "customer": [
        "/portal/report/",
        "/portal/requests/{resolved}/",
        "/portal/requests/{new}/",
        "/portal/contracts/GB/",
        "/promises/GB/",
    ],
    "supervision": ["/portal/contracts/GB/", "/portal/requests/{accepted}/", "/promises/GB/"],
    "secadmin": ["/users/create/", "/users/1/"],
    "sysadmin": ["/users/1/"],
}
"""Main pages that the navigation does not name, by who uses them."""

QUOTES_PEOPLE = {"/deliveries/", "/contracts/GB/plan/"}
"""Show texts in the language of their reader, or the words of plan files."""

NOT_WORDS = re.compile(
    r"https?://\S+|\S+@\S+|\b[\w.-]+\.(csv|yaml|json|zip|ics|png|html)\b|\b[A-Z]{1,6}-?\d[\w.-]*\b|\b[A-Z]{2,6}\b"
    r"|\b(agent|manager|project|engineer|customer|supervision|auditor|sysadmin|secadmin|leader)\.(zh|en)\b"
    r"|\bsy_\w+|\b[0-9a-f]{8,}\b|\b[XB]\d?-[\w.]+\b"
)
NAMES = {
    "Shouyue", "English", "Ctrl", "Enter", "Esc", "Shift", "Tab", "Chrome", "HeadlessChrome", "Chromium", "Linux",
    "Mozilla", "Gecko", "Apple", "Kit", "Safari", "Headless", "Web", "like", "build", "gov", "warranty", "crash",
    "chinesecalendar", "calendar", "customer",
    "YAML", "IP", "Asia", "Shanghai", "Bearer", "PostgreSQL", "Windows", "Excel", "Word", "WeChat", "SQL",
}  # fmt: skip
"""Latin words that are the same in Chinese: our name, keys, programs."""
WORD = re.compile(r"[A-Za-z][a-z]{2,}")
HAN = re.compile(r"[\u3400-\u9fff]")
DATA = {
    "周婷", "钱立", "孔明远", "石磊", "安静", "田野", "项前", "赵敏", "李主任", "郑监",
    "何静", "滨海市政务服务中心", "滨海政务", "临江物流集团", "临江物流", "政务大厅", "滨海大道",
    "一号仓", "临江路", "号", "政府大楼运维", "业务软件质保", "会议室投影无信号", "财务打印机卡纸",
    "办公网络时断时续", "门禁读卡器无响应", "电话分机无拨号音", "请尽快处理", "已受理", "马上检查",
    "等待备件", "更换端口", "恢复正常", "守约", "中文", "简体中文",
}  # fmt: skip
"""What people entered stays in their language."""


def _paths(somebody, role, stack):
    links = somebody.page.eval_on_selector_all(
        "#nav a[href], .sy-nav a[href], nav a[href]", "all => all.map(a => a.getAttribute('href'))"
    )
    extra = [path.format(**stack.cast["tickets"]) for path in MORE.get(role, [])]
    found = [href.split("#")[0] for href in links if href.startswith("/")]
    return list(dict.fromkeys([*found, *extra]))


def _shown(page):
    """The words people see, without what is marked as code, as data, or as another language."""
    return page.evaluate(
        """() => {
            const skipped = 'script,style,template,code,pre,kbd,noscript,.sy-prose,[lang]:not(html),[translate=no]';
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            const words = [document.title];
            while (walker.nextNode()) {
                const element = walker.currentNode.parentElement;
                if (element.closest(skipped)) continue;
                words.push(walker.currentNode.textContent.trim());
            }
            for (const e of document.querySelectorAll('[aria-label],[placeholder],[title],[data-label],[alt]'))
                if (!e.closest(skipped)) for (const name of ['aria-label', 'placeholder', 'title', 'data-label', 'alt'])
                    words.push(e.getAttribute(name) || '');
            return words.filter(Boolean);
        }"""
    )


def _strange(texts, language):
    found = set()
    for text in texts:
        if language == "zh":
            found |= {word for word in WORD.findall(NOT_WORDS.sub(" ", text)) if word not in NAMES}
        else:
            for known in sorted(DATA, key=len, reverse=True):
                text = text.replace(known, "")
            if HAN.search(text):
                found.add(text[:60])
    return found


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("role", ROLES)
def test_pages_are_sound(person, stack, role, language, width):
    somebody = person(f"{role}.{language}", width=width)
    somebody.go("/")
    faults = []
    paths = _paths(somebody, role, stack)
    assert len(paths) >= 3, paths
    for path in paths:
        answer = somebody.page.goto(somebody.url + path, wait_until="load")
        if answer is None or answer.status != 200:
            faults.append((path, answer and answer.status))
            continue
        faults += [(path, "overflow", html) for html in overflow(somebody.page)]
        if language == "zh" or width == WIDE:
            faults += [(path, *fault) for fault in serious_faults(somebody.page)]
        if width == WIDE and path not in QUOTES_PEOPLE:
            strange = _strange(_shown(somebody.page), language)
            faults += [(path, "words", sorted(strange)[:8])] if strange else []
    assert not faults, "\n".join(map(str, faults))
