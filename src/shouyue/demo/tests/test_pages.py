"""What visitors see while the demo is loaded, and after its loading was stopped."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest
from django.test import Client

from shouyue.demo.models import DemoProgress
from shouyue.demo.services import erasing, loading

ADDRESS = "/demo/"


@pytest.fixture
def page(client: Client, db: None) -> Client:
    loading.mark(days=1, tickets=1, seed=1, at=datetime(2026, 3, 12, tzinfo=UTC))
    DemoProgress.objects.update(percent=37)
    return client


def shown(page: Client) -> str:
    return page.get(ADDRESS, headers={"HX-Request": "true"}).content.decode()


def test_the_bar_moves_while_somebody_loads(page: Client) -> None:
    with psycopg.connect(erasing.admin_url()) as loader:
        loader.execute("SELECT pg_advisory_lock(hashtextextended('virtual time', 0))")
        text = shown(page)
    assert 'value="37"' in text or "37%" in text
    assert "载入在" not in text


def test_what_a_kill_has_left_says_what_to_do_and_looks_again(page: Client) -> None:
    text = shown(page)
    assert "载入在 37 % 处中断" in text
    assert "shouyue demo load" in text
    assert "hx-get" in text
    DemoProgress.objects.update(state="failed", error="OperationalError: No space left on device")
    assert "No space left on device" in shown(page)


def test_when_ready_visitors_are_led_to_the_sign_in(page: Client) -> None:
    DemoProgress.objects.update(state="ready")
    assert page.get(ADDRESS).headers["Location"] == "/sign-in/"
    assert page.get(ADDRESS, headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/sign-in/"
