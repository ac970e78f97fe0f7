"""Files of days: every line is entered or told."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from shouyue.calendars import exchange
from shouyue.calendars.rules import DayEntry

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def day(text: str, kind: str = "holiday", name: str = "", *windows: tuple[str, str]) -> DayEntry:
    return DayEntry(date.fromisoformat(text), kind, name, windows)


def event(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"])


def test_csv_in_chinese_and_english():
    text = "日期,类型,名称,时段\n2027年1月1日,休,元旦,\n2027/2/7,班,春节,\n\n# 备注\n20270208,值班,,09:00-17:00\n"
    assert exchange.read(text).entries == [
        day("2027-01-01", "holiday", "New Year's Day"),
        day("2027-02-07", "workday", "Spring Festival"),
        day("2027-02-08", "workday", "", ("09:00", "17:00")),
    ]
    assert exchange.read("2027-01-01\tholiday\tx").entries == [day("2027-01-01", "holiday", "x")]


def test_columns_may_stand_in_any_order():
    assert exchange.read("name;kind;date\nx;workday;2027-01-01").entries == [
        day("2027-01-01", "workday", "x")
    ]


@pytest.mark.parametrize(
    "line",
    [
        "2027-02-30,休",
        "tomorrow,休",
        "2027-01-02",
        "2027-01-02,maybe",
        "2027-01-02,休,x,09:00-10:00",
        "2027-01-02,班,x,9am",
        "1027-01-02,休",
        "2027-01-01,班",
        f"2027-01-02,休,{'x' * 101}",
    ],
)
def test_every_bad_line_is_told_and_the_others_are_read(line):
    found = exchange.read(f"2027-01-01,休\n{line}\n2027-01-03,休")
    assert [(bad.number, bad.text) for bad in found.bad] == [(2, line)]
    assert found.bad[0].problem
    assert len(found.entries) == 2


def test_files_of_chinese_spreadsheets():
    assert exchange.decode("2027-01-01,休,元旦".encode("gb18030")) == "2027-01-01,休,元旦"
    assert exchange.decode("休".encode("utf-8-sig")) == "休"


def test_ics_days_and_make_up_days():
    text = event("DTSTART;VALUE=DATE:20270101", "DTEND;VALUE=DATE:20270104", "SUMMARY:元旦（休）")
    text += "\r\n" + event("DTSTART;VALUE=DATE:20270109", "SUMMARY:元旦 补班")
    assert exchange.read(text).entries == [
        *(day(f"2027-01-0{number}", "holiday", "New Year's Day") for number in (1, 2, 3)),
        day("2027-01-09", "workday", "New Year's Day"),
    ]


def test_ics_shifts_of_a_day_add_up():
    text = event("DTSTART:20270101T010000Z", "DTEND:20270101T040000Z", "SUMMARY:早班")
    text += "\r\n" + event("DTSTART:20270101T120000Z", "DTEND:20270101T160000Z", "SUMMARY:晚班")
    found = exchange.read(text, "Asia/Shanghai")
    assert found.entries[0].windows == (("09:00", "12:00"), ("20:00", "24:00"))


@pytest.mark.parametrize(
    "lines",
    [
        ("SUMMARY:x",),
        ("DTSTART;VALUE=DATE:20279999", "SUMMARY:x"),
        ("DTSTART;VALUE=DATE:20270101", "RRULE:FREQ=YEARLY", "SUMMARY:x"),
        ("DTSTART;VALUE=DATE:20270101", "DTEND;VALUE=DATE:20300101", "SUMMARY:x"),
        ("DTSTART:20270101T010000Z", "SUMMARY:x"),
        ("DTSTART:20270101T010000Z", "DTEND:20270103T010000Z", "SUMMARY:x"),
        ("DTSTART;VALUE=DATE:20270101", "X-SHOUYUE-KIND:maybe", "SUMMARY:x"),
    ],
)
def test_a_bad_event_is_told_with_its_line_and_spoils_no_other(lines):
    good = event("DTSTART;VALUE=DATE:20270501", "SUMMARY:劳动节")
    found = exchange.read(good + "\r\n" + event(*lines))
    assert [entry.day for entry in found.entries] == [date(2027, 5, 1)]
    assert [bad.number for bad in found.bad] == [8]


def test_an_event_that_is_cut_off_and_an_empty_file():
    assert exchange.read("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:x").bad[0].number == 2
    assert len(exchange.read("BEGIN:VCALENDAR\nEND:VCALENDAR").bad) == 1


ENTRIES = [
    day("2027-01-01", "holiday", "New Year's Day"),
    day("2027-01-02", "workday", "值班", ("09:00", "12:00"), ("20:00", "08:00")),
    day("2027-01-03", "ordinary"),
    day("2027-01-04", "workday", "", ("00:00", "24:00")),
]


def test_csv_comes_back_as_it_went():
    assert exchange.read(exchange.write_csv(ENTRIES)).entries == ENTRIES


def test_ics_comes_back_as_it_went():
    found = exchange.read(exchange.write_ics("x", "Asia/Shanghai", ENTRIES, NOW).decode())
    assert found.bad == []
    assert [(e.day, e.kind, e.windows) for e in found.entries] == [
        (e.day, e.kind, e.windows) for e in ENTRIES
    ]


def test_csv_defuses_formulas():
    assert ",'=1+1," in exchange.write_csv([day("2027-01-01", "holiday", "=1+1")])
