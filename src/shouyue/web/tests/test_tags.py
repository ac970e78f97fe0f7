from datetime import UTC, datetime, timedelta

import pytest
from django import forms
from django.template import engines
from django.utils import timezone
from django.utils.translation import override

from shouyue.kernel import clock
from shouyue.web.templatetags.shouyue import listed

NOW = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)


def render(text, **context):
    with clock.at(NOW), timezone.override("Asia/Shanghai"), override("zh-hans"):
        return engines["django"].from_string("{% load shouyue %}" + text).render(context)


def test_local_time_is_the_readers():
    html = render("{% localtime_of at %}", at=NOW)
    assert ">2026-11-22 12:30<" in html
    assert 'datetime="2026-11-22T04:30:00+00:00"' in html


@pytest.mark.parametrize(
    ("due", "warn", "kind", "text"),
    [(5025, None, "ok", "剩余 1:23:45"), (60, -1, "warn", "剩余 1:00"), (-10, -60, "overdue", "超时 0:10")],
)
def test_countdown_starts_right_without_scripts(due, warn, kind, text):
    warn_at = None if warn is None else NOW + timedelta(seconds=warn)
    html = render("{% countdown due warn %}", due=NOW + timedelta(seconds=due), warn=warn_at)
    assert f"is-{kind}" in html
    assert text in html


def test_a_paused_countdown_stands_still():
    html = render('{% countdown due None "paused" 754 %}', due=NOW)
    assert "12:34" in html
    assert "data-countdown" not in html


def test_a_finished_obligation_has_no_countdown():
    assert render('{% countdown due None "kept" %}', due=NOW) == ""


@pytest.mark.parametrize(("left", "tone"), [(600, "info"), (30, "warn"), (-1, "bad")])
def test_the_chip_changes_with_the_clock(left, tone):
    html = render(
        '{% obligation_chip "running" "响应" due warn %}',
        due=NOW + timedelta(seconds=left),
        warn=NOW + timedelta(seconds=left - 60),
    )
    assert f"sy-chip tone-{tone}" in html


def test_a_badge_says_it_in_words_too():
    html = render('{% badge "obligation" "missed" %}')
    assert "tone-bad" in html
    assert "#circle-x" in html
    assert "未兑现" in html


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ 12000|duration }}", "3小时20分"),
        ("{{ nothing|duration }}", "—"),
        ("{{ 1234567.891|number:2 }}", "1,234,567.89"),
        ("{{ 0.9996|percent }}", "99.9%"),
        ("{{ 1|percent }}", "100.0%"),
        ("{{ 0.975|percent }}", "97.5%"),
    ],
)
def test_figures(text, shown):
    assert render(text, nothing=None) == shown


class Form(forms.Form):
    name = forms.CharField(label="Name", help_text="Given and family name")
    kind = forms.ChoiceField(choices=[("a", "A")])


def test_a_field_ties_help_and_errors_to_its_control():
    html = render("{% field form.name %}", form=Form({}))
    assert 'aria-describedby="id_name_help id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_name_help"' in html
    assert 'id="id_name_error"' in html


def test_a_select_gets_its_own_look_and_no_error_marks():
    html = render("{% field form.kind %}", form=Form())
    assert "form-select" in html
    assert "is-invalid" not in html


def test_user_text_is_escaped_everywhere():
    evil = "<script>x</script>"
    text = (
        "{% person evil evil %}{% tag evil %}{% obligation_chip 'kept' evil %}{% avatar evil %}"
        "{% card title=evil %}{{ evil }}{% endcard %}{% dialog id='d' title=evil %}{{ evil }}{% enddialog %}"
    )
    assert "<script" not in render(text, evil=evil)


@pytest.mark.parametrize(("language", "text"), [("zh-hans", "甲、乙"), ("en", "甲, 乙")])
def test_texts_are_listed_as_the_language_does(language, text):
    with override(language):
        assert listed(["甲", "乙"]) == text
