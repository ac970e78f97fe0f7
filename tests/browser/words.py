"""Words of the wrong language on a page."""

from __future__ import annotations

import re
from collections.abc import Iterable

SHOWN = """() => {
    const skipped = 'script,style,template,code,pre,kbd,noscript,.sy-prose,[lang]:not(html),[translate=no]';
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const words = [document.title];
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (element.closest(skipped)) continue;
        words.push(walker.currentNode.textContent.trim());
    }
    const named = ['aria-label', 'placeholder', 'title', 'data-label', 'alt'];
    for (const element of document.querySelectorAll(named.map(name => `[${name}]`).join()))
        if (!element.closest(skipped)) for (const name of named) words.push(element.getAttribute(name) || '');
    return words.filter(Boolean);
}"""
"""JavaScript: the words people see, without what is marked as code, as data, or as another language."""

NOT_WORDS = re.compile(
    r"https?://\S+|\S+@\S+|\b[\w.-]+\.(csv|yaml|json|zip|ics|png|jpg|pdf|html)\b|(?<!\w)/[\w./-]+|\b\w+:\d+\b|\b[A-Z]{1,6}-?\d[\w.-]*\b|\b[A-Z]{2,6}\b"
    r"|\b(agent|dispatcher|manager|hq|quality|project|engineer|resident|customer|supervision|auditor|sysadmin|secadmin|leader)\.(zh|en)\b"
    r"|\b[A-Za-z0-9]+_[A-Za-z0-9_]+|\b[0-9a-f]{8,}\b|\b[XB]\d?-[\w.]+\b"
)
NAMES = {
    "Shouyue", "English", "Ctrl", "Enter", "Esc", "Shift", "Tab", "Chrome", "HeadlessChrome", "Chromium", "Linux",
    "Mozilla", "Gecko", "Apple", "Kit", "Safari", "Headless", "Web", "like", "build", "gov", "warranty", "crash",
    "chinesecalendar", "calendar", "customer",
    "YAML", "IP", "Asia", "Shanghai", "Bearer", "Postgre", "Python", "Django",
    "Windows", "Excel", "Word", "WeChat", "SQL",
}  # fmt: skip
"""Latin words that are the same in Chinese: our name, keys, programs."""
WORD = re.compile(r"[A-Za-z][a-z]{2,}")
HAN = re.compile(r"[\u3400-\u9fff]")
DATA = {
    "周婷", "杜调", "宋总", "费明", "毕常", "钱立", "孔明远", "石磊", "安静", "田野", "项前", "赵敏", "李主任", "郑监",
    "何静", "滨海市政务服务中心", "滨海政务", "临江物流集团", "临江物流", "政务大厅", "滨海大道",
    "一号仓", "临江路", "号", "政府大楼运维", "业务软件质保", "会议室投影无信号", "财务打印机卡纸",
    "办公网络时断时续", "门禁读卡器无响应", "电话分机无拨号音", "请尽快处理", "已受理", "马上检查",
    "等待备件", "更换端口", "恢复正常", "守约", "中文", "简体中文",
}  # fmt: skip
"""What people entered stays in their language."""


def strange(texts: Iterable[str], language: str) -> set[str]:
    """The words (in Chinese) or whole texts (in English) that should be in the page's language and are not."""
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
