"""Facts of recorded events in the reader's words: what they are called, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shouyue.contracts import vocabulary
from shouyue.contracts.plan_language.model import Plan
from shouyue.contracts.plan_language.texts import Text
from shouyue.kernel import events
from shouyue.kernel.events import FactType

ALIKE: Mapping[str, str] = {"via": "channel", "from_tier": "tier", "to_tier": "tier"}
"""Facts whose values are those of another fact."""

_LINES = """
act | 行为 | act
act_event | 行为的事件 | event of the act
active | 启用 | active
added | 新增数 | number added
address | 地址指纹 | fingerprint of the address
answer | 答复 | answer
before | 此前状态 | state before
both | 双方签署 | signed by both
breach | 违约 | breach
bytes | 字节数 | bytes
calendar | 日历 | calendar
capacity | 身份 | capacity
cents | 金额（分） | amount in cents
chain | 签批链步数 | steps of the chain
changed | 变更数 | number changed
changes | 变更内容指纹 | fingerprint of the changes
content | 内容指纹 | fingerprint of the content
digest | 指纹 | fingerprint
document_digest | 文件指纹 | fingerprint of the document
draft | 草稿 | draft
effective_on | 生效日期 | takes effect on
ends_at | 结束时间 | ends at
ends_on | 结束日期 | ends on
engineer | 工程师 | engineer
events | 事件数 | number of events
expires_at | 失效时间 | expires at
field | 字段 | field
fields | 字段 | fields
files | 文件数 | number of files
findings | 发现问题数 | number of findings
first | 首日 | first day
for | 相关记录 | record concerned
format | 格式 | format
held | 持有 | held
himself | 本人所为 | done by the person
last | 末日 | last day
level | 级别 | level
meaning | 视为 | counts as
member | 成员 | member
month | 月份 | month
notice | 通知 | notice
number | 编号 | number
objection | 豁免或异议 | waiver or dispute
on | 启用 | switched on
on_behalf_of | 代表 | on behalf of
other | 另一工单 | other ticket
owner | 所有者 | owner
parent | 上级 | parent
period | 周期 | period
plan | 服务方案 | service plan
plan_version | 方案版本 | plan version
previous | 此前的值 | value before
proposal | 提案 | proposal
public | 客户可见 | visible to the customer
removed | 移除数 | number removed
reply_due_at | 答复时限 | reply due at
responsibility | 职责 | responsibility
role | 角色 | role
sessions | 会话数 | number of sessions
side | 一方 | side
signature | 签名指纹 | fingerprint of the signature
signoff | 签批 | sign-off
sound | 核验无误 | found sound
source | 来源 | source
starts_on | 开始日期 | starts on
times | 次数 | times
told | 已告知 | told
via | 方式 | by way of
was_given | 此前已同意 | was given before
"""


@cache
def _names() -> dict[str, Text]:
    rows = (line.split(" | ") for line in _LINES.strip().splitlines())
    return {word: Text(zh, en) for word, zh, en in rows}


def name_said(name: str, language: str, verb: str = "") -> str:
    """What a fact is called; the words of plans come first, so that both say the same."""
    if name == "to" and _type_of(verb, name) == FactType.REFERENCE:  # else the capacity of who is called back
        return str(_("recipient"))
    title = vocabulary.current().titles.get(name) or _names().get(name)
    return title.pick(language) if title else name


def _type_of(verb: str, name: str) -> FactType | None:
    declared = events.declared_verbs().get(verb)
    return declared.facts.get(name) if declared is not None else None


def value_said(
    verb: str,
    name: str,
    value: Any,
    language: str,
    *,
    plan: Plan | None = None,
    people: Mapping[str, str] | None = None,
) -> str:
    """What a fact says; as it stands where there are no words.

    plan: whose own words count first; people: names by reference.
    """
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if _type_of(verb, name) == FactType.INSTANT:
        return f"{timezone.localtime(datetime.fromisoformat(str(value))):%Y-%m-%d %H:%M:%S}"
    word, about = str(value), ALIKE.get(name, name)
    if people and word in people:
        return people[word]
    if plan is not None and (own := _of_plan(plan, about, word)) is not None:
        return own.pick(language)
    titles = vocabulary.current().titles
    if title := titles.get(f"{about}:{word}"):
        return title.pick(language)
    is_named = any(known.startswith(f"{about}:") for known in titles)  # its values have their own names
    return word if is_named else vocabulary.said(word, language)


def _of_plan(plan: Plan, name: str, word: str) -> Text | None:
    """The plan's own title of a promise, a stage, or a word of one of its scales."""
    if name == "commitment":
        return next((one.title for one in plan.commitments if one.name == word), None)
    if name == "stage":
        return next((one.title for one in plan.stages if one.name == word), None)
    scaled = (one for scale in plan.scales if scale.fact == name for one in scale.values if one.word == word)
    if (value := next(scaled, None)) is not None:
        return value.title
    own = dict(plan.words)
    return own.get(f"{name}:{word}") or own.get(word)
