"""Whose code or name somebody types, as he types it."""

from datetime import date
from unicodedata import normalize

import pytest

from mlay_batch.errors import UsageError
from mlay_batch.model.branch_lookup import find_branch
from mlay_batch.model.register import Organisation

KNOWN = (
    Organisation("DU", "Đảng ủy xã Tân Lập", "office"),
    Organisation("CB-02", "Chi bộ Ban Xây dựng Đảng", "cell", "DU", also="CB Ban XDĐ; Tổ chức"),
    Organisation("CB-03", "Chi bộ bản Lê", "cell", "DU"),
    Organisation("CB-04", "Chi bộ bản Le", "cell", "DU"),
    Organisation("DB1-1", "Chi bộ Tổ dân phố 1", "cell", "DU"),
    Organisation("DB-11", "Chi bộ Tổ dân phố 1", "cell", "DU"),
    Organisation("CB-20", "Chi bộ bản Nà Hon", "cell", "DU", ended=date(2026, 7, 1)),
    Organisation("CB-21", "Chi bộ bản Nà Hon", "cell", "DU"),
)


@pytest.mark.parametrize(
    "text",
    [
        "CB-02",
        "cb-02",
        "cb02",
        "CB 02",
        " cb.02 ",
        "ＣＢ－０２",
        "Chi bộ Ban Xây dựng Đảng",
        "CHI BỘ BAN XÂY DỰNG ĐẢNG",
        "ban xây dựng đảng",
        "chi bo ban xay dung dang",
        "Ban Xay dung Dang",
        "CB ban xây dựng đảng",
        normalize("NFD", "Chi bộ Ban Xây dựng Đảng"),
        "Chi bộ Ban Xây dựng Đảng (CB-02)",
        "CB-02 – Chi bộ Ban Xây dựng Đảng",
        "CB-02 Chi bộ Ban Xây dựng Đảng",
        "ban XDĐ",
        "to chuc",
        "Chi bộ Ban, Xây dựng Đảng",
    ],
)
def test_code_and_name_in_any_spelling(text):
    assert find_branch(text, KNOWN) == "CB-02"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("bản Lê", "CB-03"),
        ("bản Le", "CB-04"),
        ("BAN LÊ ", "CB-03"),
        ("bản Nà Hon", "CB-21"),
        ("db-11", "DB-11"),
    ],
)
def test_the_closest_spelling_decides_and_who_still_is(text, code):
    assert find_branch(text, KNOWN) == code


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Tổ dân phố 1", "Chi bộ Tổ dân phố 1 (DB1-1); Chi bộ Tổ dân phố 1 (DB-11)"),
        ("BAN LE ", "Chi bộ bản Lê (CB-03); Chi bộ bản Le (CB-04)"),
        ("db11", "Chi bộ Tổ dân phố 1 (DB1-1); Chi bộ Tổ dân phố 1 (DB-11)"),
    ],
)
def test_where_several_may_be_meant_all_are_named(text, names):
    with pytest.raises(UsageError) as failure:
        find_branch(text, KNOWN)
    assert failure.value.code == "usage.units"
    assert names in failure.value.params["names"]


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("CB-99", "CB-02"),
        ("CB-2", "CB-02"),
        ("xây dựng", "CB-02"),
        ("bản Nà Hom", "CB-21"),
        ("bản Ná Hon", "CB-21"),  # the tone of another village
        ("Ban Xáy dung Dang", "CB-02"),
        ("?", ""),
    ],
)
def test_unknown_ones_have_neighbours(text, nearest):
    with pytest.raises(UsageError) as failure:
        find_branch(text, KNOWN)
    assert failure.value.code == "usage.unit"
    assert nearest in failure.value.params["nearest"]
