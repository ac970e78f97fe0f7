"""Keys of names and numbers."""

import pytest

from shouyue.kernel.phones import digits_of, spellings
from shouyue.kernel.pinyin import name_key, search_text


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("张伟", "zhangwei zw"),
        ("1 号楼", "1haolou 1hl"),
        ("Alice Wang", "alicewang aw"),
        ("李 Li", "lili ll"),
        ("🙂", " "),
    ],
)
def test_keys_of_names(name, key):
    assert name_key(name) == key


def test_keys_have_an_end():
    assert len(name_key("长" * 300)) == 200


def test_what_is_typed_is_comparable():
    assert search_text(" Zhang Wei ") == "zhangwei"


@pytest.mark.parametrize(
    ("phone", "digits"),
    [
        ("+86 138-0013-8000", "13800138000"),
        ("0086 13800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("(010) 6234 5678", "01062345678"),
        ("86001234", "86001234"),
        ("", ""),
    ],
)
def test_digits(phone, digits):
    assert digits_of(phone) == digits


def test_a_number_may_be_stored_in_several_ways():
    assert spellings("0512-62345678") == ["051262345678", "51262345678", "62345678"]
    assert spellings("010-62345678")[-1] == "62345678"
    assert "13800138000" in spellings("013800138000")
    assert spellings("") == []
