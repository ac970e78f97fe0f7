"""Sentences for everything that can be wrong with a plan, in both languages."""

from __future__ import annotations

from shouyue.contracts.plan_language.texts import Text

TYPES: dict[str, Text] = {
    "boolean": Text("是或否", "true or false"),
    "integer": Text("整数", "a whole number"),
    "number": Text("数字", "a number"),
    "instant": Text("时刻", "a moment"),
    "day": Text("日期", "a date"),
    "duration": Text("时长", "a duration"),
    "code": Text("代码", "a plain word"),
    "reference": Text("引用", "a reference"),
    "digest": Text("指纹", "a fingerprint"),
}
"""What a fact may be, in words."""

MESSAGES: dict[str, Text] = {
    # the file
    "too_big": Text("文件超过 {limit} 字节。", "The file is larger than {limit} bytes."),
    "unreadable": Text("文件无法读取：{why}。", "The file cannot be read: {why}."),
    "not_utf8": Text("文件不是 UTF-8 编码。", "The file is not UTF-8 text."),
    "control_character": Text(
        "不允许出现控制字符 {character}。", "The control character {character} is not allowed."
    ),
    "broken_yaml": Text("YAML 语法错误：{why}。", "This is not valid YAML: {why}."),
    "empty": Text("文件为空。", "The file is empty."),
    "one_document": Text("一个文件只能有一份计划。", "A file holds one plan; a second document begins here."),
    "too_deep": Text("嵌套超过 {limit} 层。", "Nested deeper than {limit} levels."),
    "too_many_nodes": Text(
        "内容过多：展开后超过 {limit} 项。", "Too much content: more than {limit} values, aliases expanded."
    ),
    "key_not_word": Text("键必须是一个词。", "A key must be a plain word."),
    "tag": Text("不允许使用标签“{tag}”。", "The tag “{tag}” is not allowed."),
    "duplicate_key": Text(
        "键“{key}”重复，已在第 {line} 行给出。",
        "The key “{key}” is given twice; it already stands in line {line}.",
    ),
    "cyclic_alias": Text("别名“{name}”指向自身。", "The alias “{name}” refers to itself."),
    "unknown_alias": Text("没有名为“{name}”的锚点。", "There is no anchor “{name}”."),
    # shapes
    "expected_table": Text(
        "此处应为键值表，而不是“{found}”。", "A table of keys is expected here, not “{found}”."
    ),
    "expected_list": Text("此处应为列表，而不是“{found}”。", "A list is expected here, not “{found}”."),
    "expected_text": Text("此处应为文字，而不是“{found}”。", "Text is expected here, not “{found}”."),
    "expected_two_languages": Text(
        "此处应为 {{zh: …, en: …}}，而不是“{found}”。", "{{zh: …, en: …}} is expected here, not “{found}”."
    ),
    "expected_truth": Text(
        "此处应为 true 或 false，而不是“{found}”。", "true or false is expected here, not “{found}”."
    ),
    "expected_count": Text(
        "此处应为非负整数，而不是“{found}”。", "A whole number from 0 is expected here, not “{found}”."
    ),
    "expected_number": Text("此处应为数字，而不是“{found}”。", "A number is expected here, not “{found}”."),
    "expected_value": Text(
        "此处应为单个值，而不是“{found}”。", "A single value is expected here, not “{found}”."
    ),
    "unknown_key": Text("未知的键“{key}”。", "Unknown key “{key}”."),
    "missing_key": Text("缺少键“{key}”。", "The key “{key}” is missing."),
    "missing_language": Text("缺少“{language}”文本。", "The text in “{language}” is missing."),
    "unquoted_comma": Text(
        "“{text}”前有逗号；花括号内含逗号的文字须加引号。",
        "A comma stands before “{text}”; inside braces put text with a comma in quotes.",
    ),
    "text_too_long": Text("文字超过 {limit} 个字符。", "The text is longer than {limit} characters."),
    "bad_name": Text(
        "“{name}”不是合法名称：只用小写字母、数字和连字符。",
        "“{name}” is not a name: use lower-case letters, digits and hyphens.",
    ),
    "bad_word": Text(
        "“{name}”不是合法的词：用小写字母、数字、下划线，以点分隔。",
        "“{name}” is not a word: use lower-case letters, digits and underscores, joined by dots.",
    ),
    "bad_scale_word": Text("“{name}”不能作为等级词。", "“{name}” cannot be a word of a scale."),
    "bad_row": Text(
        "“{name}”不是承诺条目编号，应形如 B4-02。",
        "“{name}” is not a row of a promise register; write it like B4-02.",
    ),
    "bad_prefix": Text(
        "“{name}”不是条目前缀，应形如 B4。", "“{name}” is not a prefix of rows; write it like B4."
    ),
    "bad_settlement": Text(
        "“{name}”不是矛盾编号，应形如 X-1.2。",
        "“{name}” is not the id of a contradiction; write it like X-1.2.",
    ),
    "bad_span": Text(
        "“{value}”不是时长，应形如 10 min、3 working days、1 week。",
        "“{value}” is not a duration; write it like 10 min, 3 working days or 1 week.",
    ),
    "bad_share": Text("“{value}”不是百分比，应形如 95%。", "“{value}” is not a share between 0% and 100%."),
    "bad_range": Text("“{value}”不是范围，应形如 1..2。", "“{value}” is not a range; write it like 1..2."),
    "bad_amount": Text(
        "“{value}”不是数量，应为数字、百分比或时长。",
        "“{value}” is not an amount; write a number, a share or a duration.",
    ),
    "bad_anchor": Text(
        "“{value}”不是时间锚点。",
        "“{value}” is not an anchor, such as friday, last open day or 3 months before warranty.end.",
    ),
    "bad_period": Text(
        "“{value}”不是周期。", "“{value}” is not a period, such as month, half-year or 2 weeks."
    ),
    "bad_step_time": Text(
        "“{value}”不是升级时点，应形如 80%、due、10 min before。",
        "“{value}” is not the time of a step; write it like 80%, due or 10 min before.",
    ),
    "bad_evidence": Text(
        "“{value}”不是凭证；可用：{known}、动词或双语说明。",
        "“{value}” is not evidence; use {known}, a verb or a text in two languages.",
    ),
    "bad_date": Text("“{value}”不是有效日期。", "“{value}” is not a date."),
    "date_out_of_range": Text(
        "日期“{value}”超出范围（{first} 至 {last}）。",
        "The date “{value}” is out of range ({first} to {last}).",
    ),
    "bad_weekly": Text("每周时间表有误：{why}。", "The weekly table cannot be read: {why}."),
    "bad_hours": Text(
        "“{value}”不是时段，应形如 09:00-12:00。",
        "“{value}” is not a span of hours; write it like 09:00-12:00.",
    ),
    "unknown_zone": Text("未知时区“{value}”。", "Unknown time zone “{value}”."),
    "not_one_of": Text("“{value}”不在可选值之内：{known}。", "“{value}” is not one of: {known}."),
    "twice": Text("“{word}”重复。", "“{word}” is given twice."),
    "empty_list": Text("列表为空。", "The list is empty."),
    "empty_table": Text("表为空。", "The table is empty."),
    "score_not_positive": Text("“{key}”须大于零。", "“{key}” must be greater than nothing."),
    "score_two_rests": Text(
        "只能有一个板块不写 covers；“{name}”是第二个。",
        "Only one area may leave covers out; “{name}” is the second.",
    ),
    "score_bands_order": Text(
        "档位须由高到低排列，且各不相同。", "Bands stand from the highest limit to the lowest, none twice."
    ),
    "score_without_area": Text(
        "承诺“{name}”有扣分，但不属于任何考核板块。",
        "The commitment “{name}” costs points, yet no area of the scores covers it.",
    ),
    "one_of_two": Text(
        "“{first}”与“{second}”必须且只能给出一个。", "Exactly one of “{first}” and “{second}” must be given."
    ),
    "one_way": Text(
        "必须且只能给出 sum、count、distinct 之一。", "Exactly one of sum, count and distinct must be given."
    ),
    "no_bound": Text(
        "缺少界限：at_least、at_most、equals 或 between。",
        "A bound is missing: at_least, at_most, equals or between.",
    ),
    "bounds_crossed": Text("下限大于上限。", "The lower bound is above the upper one."),
    "verb_and_fact": Text(
        "“{word}”应为动词加事实，例如 training.session_held.hours。",
        "“{word}” must be a verb followed by a fact, like training.session_held.hours.",
    ),
    "no_working_days": Text(
        "条件中的日期运算不能使用工作日。",
        "Working days cannot be used in the date arithmetic of a condition.",
    ),
    "unknown_comparison": Text("未知的比较“{name}”。", "Unknown comparison “{name}”."),
    "unknown_requirement": Text(
        "“{name}”不是要求；可用：{known}。", "“{name}” is not a requirement; use one of {known}."
    ),
    "unknown_class": Text(
        "没有请求类别“{name}”，或其定义在后。", "There is no request class “{name}” before this place."
    ),
    "keeper_verdict": Text(
        "承诺只能由事件履行，不能由另一承诺的结论履行。",
        "A promise is kept by an event, not by the verdict on another promise.",
    ),
    "no_source": Text(
        "缺少 source；内部辅助承诺请写 internal: true。",
        "The key “source” is missing; a helper nobody was promised says internal: true.",
    ),
    "row_out_of_range": Text(
        "条目“{row}”不属于本计划（至 {last}）。", "The row “{row}” is not one of this plan's (up to {last})."
    ),
    "silence_of_customer": Text(
        "silence 只用于 by: customer 的承诺。", "“silence” only makes sense with by: customer."
    ),
    "unless_without_after": Text("unless 必须与 after 同用。", "“unless” needs “after”."),
    "once_without_due": Text("every: once 需要 due。", "every: once needs “due”."),
    # references
    "unknown_window": Text("没有名为“{name}”的服务窗口。", "There is no window “{name}”."),
    "unknown_table": Text("系统中没有名为“{name}”的节假日表。", "There is no holiday table “{name}”."),
    "unknown_wait": Text("waits 中没有“{name}”。", "There is no waiting state “{name}” under waits."),
    "unknown_stage": Text("没有名为“{name}”的阶段。", "There is no stage “{name}”."),
    "unknown_commitment": Text("没有名为“{name}”的承诺。", "There is no commitment “{name}”."),
    "unknown_date": Text("没有名为“{name}”的日期或里程碑。", "There is no date or milestone “{name}”."),
    "unknown_warranty_class": Text("没有质保类别“{name}”。", "There is no warranty class “{name}”."),
    "unknown_catalogue_item": Text("服务目录中没有“{name}”。", "There is no catalogue item “{name}”."),
    "cycle": Text("承诺互相引用成环：{circle}。", "These commitments open each other in a circle: {circle}."),
    "value_without_limit": Text(
        "“{fact}”取 {values} 时没有时限；请补充，或写 none、otherwise。",
        "Nothing is said for the values {values} of “{fact}”; add them, or write none or otherwise.",
    ),
    # vocabulary
    "unknown_verb": Text(
        "系统不认识动词“{name}”；若能力尚未建成，请写 awaits。",
        "Unknown verb “{name}”; if it does not exist yet, say so with awaits.",
    ),
    "unknown_fact": Text("事件没有事实“{name}”。", "There is no fact “{name}” here."),
    "unknown_value": Text(
        "“{value}”不是“{fact}”的取值（{known}）。", "“{value}” is not a value of “{fact}” ({known})."
    ),
    "never_asked": Text(
        "按此写法，“{name}”永远不会产生义务。",
        "Written like this, “{name}” never asks for anything.",
    ),
    "stages_together": Text(
        "阶段“{name}”与“{other}”自同一天开始，将会重叠；请让一个阶段从另一个结束的日期开始。",
        "The stages “{name}” and “{other}” begin on the same day; let one begin where the other ends.",
    ),
    "wrong_type": Text(
        "“{value}”与事实“{fact}”的类型（{type}）不符。",
        "“{value}” does not fit the fact “{fact}”, which is {type}.",
    ),
    "no_rank": Text(
        "事实“{fact}”没有次序，不能比较大小。",
        "The fact “{fact}” has no order, so it cannot be compared by rank.",
    ),
    "unknown_measure": Text(
        "系统不认识指标“{name}”；若尚未建成，请写 awaits。",
        "Unknown measure “{name}”; if it does not exist yet, say so with awaits.",
    ),
    "unknown_guard": Text(
        "系统不认识守卫条件“{name}”；若尚未建成，请写 awaits。",
        "Unknown guard “{name}”; if it does not exist yet, say so with awaits.",
    ),
    "unknown_act": Text(
        "系统不认识动作“{name}”；若尚未建成，请写 awaits。",
        "Unknown act “{name}”; if it does not exist yet, say so with awaits.",
    ),
    "unknown_decision": Text(
        "系统不认识决定“{name}”；若尚未建成，请写 awaits。",
        "Unknown decision “{name}”; if it does not exist yet, say so with awaits.",
    ),
    "unknown_role": Text("未知角色“{name}”。", "Unknown role “{name}”."),
    "unknown_item": Text(
        "系统不认识对象“{name}”；若尚未建成，请写 awaits。",
        "Unknown kind of item “{name}”; if it does not exist yet, say so with awaits.",
    ),
    "unknown_roster": Text(
        "系统不认识排班“{name}”；若尚未建成，请写 awaits。",
        "Unknown roster “{name}”; if it does not exist yet, say so with awaits.",
    ),
    "no_longer_awaited": Text(
        "“{name}”已经存在，请删去 awaits。", "“{name}” exists now; take it out of awaits."
    ),
}
