import pytest

from shouyue.cli.main import main
from shouyue.kernel.verification import Finding, Report

FINDING = Finding("changed", "ticket:7", 3, 41, "event 41 (ticket:7, no. 3) does not match its digest")


@pytest.mark.parametrize(("findings", "status"), [((), 0), ((FINDING,), 1)])
def test_verify_names_what_it_finds(db, monkeypatch, capsys, findings, status):
    monkeypatch.setattr("shouyue.kernel.verification.verify", lambda: Report(12, 4, 1, findings))
    assert main(["verify"]) == status
    said = capsys.readouterr().out
    assert "12 events of 4 subjects and 1 anchors" in said
    assert all(finding.detail in said for finding in findings)
