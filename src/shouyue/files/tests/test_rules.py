"""Types by their bytes, and safe names."""

import pytest

from shouyue.files import rules

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (PNG, "a.txt", "image/png"),
        (b"%PDF-1.7\n", "a.exe", "application/pdf"),
        ("第一行\n第二行".encode(), "a.txt", "text/plain"),
        ("编号,名称\n1,摄像机".encode("gb18030"), "a.CSV", "text/csv"),
        (b"<html><body>", "a.txt", ""),
        (b"  <svg xmlns=", "a.png", ""),
        (b"MZ\x90\x00\x03\x00", "a.png", ""),
        (b"\x7fELF\x02\x01\x01\x00", "a.txt", ""),
        (b"a\x00b", "a.txt", ""),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xls", "application/vnd.ms-excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.msi", ""),
    ],
)
def test_the_type_comes_from_the_bytes(head, name, kind):
    assert rules.sniff(head, name) == kind


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\照片.png", "照片.png"),
        ("gnp\u202eexe.png", "gnp_exe.png"),
        ("a\x00b.txt", "a_b.txt"),
        ("", "file"),
        ("长" * 300 + ".pdf", "长" * 146 + ".pdf"),
    ],
)
def test_names_are_made_safe(given, kept):
    assert rules.safe_name(given) == kept
