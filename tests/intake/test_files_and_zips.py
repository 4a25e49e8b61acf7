"""What lies in the inbox: files, folders, zips in zips, and things that are no return."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from pathlib import Path

import pytest
from builders.known_codes import KNOWN_CODES

from mlay_batch.intake import collect, limits

NOW = "2019-12-02T01:00:00Z"
XLSX = b"PK\x03\x04 no more than a start"


def make_zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


BOOK = make_zip(**{"[Content_Types].xml": b"<a/>", "xl/workbook.xml": b"<a/>"})


def lay(folder: Path, **files: bytes) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def collect_origins(*paths: Path, root: Path | None = None) -> list[tuple[str, str | None]]:
    return [(leaf.origin, leaf.skip_reason) for leaf in collect(paths, root, NOW)]


def test_folders_are_walked_in_order_and_litter_is_left_out(tmp_path):
    lay(tmp_path, **{
        "b.xlsx": BOOK, "a/z.ods": BOOK, "a/b.xls": BOOK, ".gitkeep": b"", "~$b.xlsx": b"x",
        "Thumbs.db": b"x", "a/desktop.ini": b"x", ".git/x.xlsx": BOOK,
    })  # fmt: skip
    assert collect_origins(tmp_path, root=tmp_path) == [
        ("a/b.xls", None),
        ("a/z.ods", None),
        ("b.xlsx", None),
    ]


def test_a_leaf_tells_where_it_came_from(tmp_path):
    lay(tmp_path, **{"tháng 11/Chi bộ 1.xlsx": BOOK})
    (leaf,) = collect([tmp_path], tmp_path, NOW)
    assert (leaf.name, leaf.data, leaf.origin) == ("Chi bộ 1.xlsx", BOOK, "tháng 11/Chi bộ 1.xlsx")
    assert (leaf.received, leaf.channel, leaf.sender, leaf.skip_reason) == (NOW, "hand", None, None)


def test_names_are_composed_whatever_the_system_stored(tmp_path):
    lay(tmp_path, **{unicodedata.normalize("NFD", "Đồi Cao.xlsx"): BOOK})
    (leaf,) = collect([tmp_path], tmp_path, NOW)
    assert (leaf.name, leaf.origin) == ("Đồi Cao.xlsx", "Đồi Cao.xlsx")


def test_without_a_root_the_origin_begins_in_the_folder_given(tmp_path):
    lay(tmp_path, **{"usb/a/x.xlsx": BOOK, "y.xlsx": BOOK})
    assert [o for o, _ in collect_origins(tmp_path / "usb", tmp_path / "y.xlsx")] == [
        "usb/a/x.xlsx",
        "y.xlsx",
    ]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("ký.pdf", b"%PDF-1.4", "N01"), ("ký.xlsx", b"%PDF-1.4", None),
        ("ảnh.jpg", b"\xff\xd8\xff\xe0", "N02"), ("ảnh.heic", b"x", "N02"),
        ("báo cáo.docx", make_zip(mimetype=b""), "N03"), ("ghi chú.txt", b"x", "N03"),
        ("nén.rar", b"Rar!\x1a\x07", "N04"), ("nén.7z", b"7z\xbc\xaf\x27\x1c", "N04"),
        ("virus.exe", b"MZ", "N05"), ("không đuôi", b"abc", "N05"),
        ("mẫu.xlsx", BOOK, None), ("mẫu.xls", b"abc", None), ("mẫu.XLSM", BOOK, None),
        ("mẫu.xlsb", BOOK, None), ("rỗng.xlsx", b"", None),
        ("không đuôi 2", BOOK, None), ("cũ.bin", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", None),
    ],
)  # fmt: skip
def test_what_a_file_is(tmp_path, name, data, code):
    assert collect_origins(lay(tmp_path, **{name: data}) / name) == [(name, code)]
    assert code is None or code in KNOWN_CODES


def test_a_zip_is_opened(tmp_path):
    pack = make_zip(**{"Chi bộ 1.xlsx": BOOK, "thư mục/2.xlsx": XLSX, "__MACOSX/._1.xlsx": b"x",
                     "thư mục/": b"", "ký.pdf": b"%PDF-1"})  # fmt: skip
    lay(tmp_path, **{"Đảng bộ.zip": pack})
    assert collect_origins(tmp_path, root=tmp_path) == [
        ("Đảng bộ.zip!Chi bộ 1.xlsx", None),
        ("Đảng bộ.zip!thư mục/2.xlsx", None),
        ("Đảng bộ.zip!ký.pdf", "N01"),
    ]
    assert [leaf.name for leaf in collect([tmp_path], tmp_path, NOW)][1] == "2.xlsx"


def test_a_zip_in_a_zip_is_opened_and_one_further_down_is_not(tmp_path):
    deep = make_zip(**{"c.zip": make_zip(**{"x.xlsx": BOOK}), "b.xlsx": BOOK})
    lay(tmp_path, **{"a.zip": make_zip(**{"b.zip": deep})})
    assert collect_origins(tmp_path, root=tmp_path) == [
        ("a.zip!b.zip!c.zip", "N06"),
        ("a.zip!b.zip!b.xlsx", None),
    ]


@pytest.mark.parametrize("flagged", [True, False])
def test_names_in_a_zip_are_those_people_gave(tmp_path, flagged):
    """Without the flag the bytes are UTF-8 all the same, from most programs."""
    pack = bytearray(make_zip(**{"Mường Lay.xlsx": BOOK}))
    if not flagged:
        for start, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = pack.index(start) if start == b"PK\x03\x04" else pack.rindex(start)
            pack[at + flags + 1] &= ~0x08
    lay(tmp_path, **{"a.zip": bytes(pack)})
    assert collect_origins(tmp_path, root=tmp_path) == [("a.zip!Mường Lay.xlsx", None)]


def test_names_in_a_zip_cannot_lead_out(tmp_path):
    lay(tmp_path, **{"a.zip": make_zip(**{"../../x.xlsx": BOOK})})
    assert collect_origins(tmp_path, root=tmp_path) == [("a.zip!x.xlsx", None)]


def test_zips_that_cannot_be_opened_are_one_leaf_each(tmp_path):
    pack = make_zip(**{"x.xlsx": BOOK * 9})
    locked = bytearray(pack)
    locked[locked.rindex(b"PK\x01\x02") + 8] |= 1
    lay(
        tmp_path, **{"1 hỏng.zip": pack[:40], "2 khóa.zip": bytes(locked), "3 rỗng.zip": make_zip()}
    )
    assert collect_origins(tmp_path, root=tmp_path) == [
        ("1 hỏng.zip", "N06"),
        ("2 khóa.zip!x.xlsx", "N07"),
        ("3 rỗng.zip", "N10"),
    ]


def test_a_damaged_member_does_not_take_the_others_with_it(tmp_path):
    pack = bytearray(make_zip(**{"1.xlsx": bytes(range(256)), "2.xlsx": BOOK}))
    pack[60] ^= 0xFF
    lay(tmp_path, **{"a.zip": bytes(pack)})
    assert collect_origins(tmp_path, root=tmp_path) == [
        ("a.zip!1.xlsx", "N06"),
        ("a.zip!2.xlsx", None),
    ]


def test_a_bomb_is_one_ignored_leaf(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_FILE", 1 << 16)
    lay(tmp_path, **{"a.zip": make_zip(**{"x.xlsx": bytes(1 << 20), "y.xlsx": BOOK})})
    assert collect_origins(tmp_path, root=tmp_path) == [
        ("a.zip!x.xlsx", "N08"),
        ("a.zip!y.xlsx", None),
    ]


def test_many_members_are_not_opened(tmp_path):
    lay(tmp_path, **{"a.zip": make_zip(**{f"{n}.xlsx": b"" for n in range(1001)})})
    assert collect_origins(tmp_path, root=tmp_path) == [("a.zip", "N06")]


def test_files_that_cannot_be_read_are_leaves_too(tmp_path, monkeypatch):
    lay(tmp_path, **{"a.xlsx": BOOK, "b.xlsx": BOOK})
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "a.xlsx":
            raise PermissionError(13, "open in Excel")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert collect_origins(tmp_path, root=tmp_path) == [("a.xlsx", "N09"), ("b.xlsx", None)]


def test_a_file_that_is_not_there(tmp_path):
    assert collect_origins(tmp_path / "x.xlsx") == [("x.xlsx", "N09")]


def test_a_huge_file_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_FILE", 10)
    assert collect_origins(lay(tmp_path, **{"a.xlsx": bytes(11)}), root=tmp_path) == [
        ("a.xlsx", "N08")
    ]


def test_a_mailbox_may_be_larger_than_a_file(tmp_path, monkeypatch):
    box = b"From a@b Mon Nov  4 09:00:00 2019\nSubject: x\n\ntext\n"
    monkeypatch.setattr(limits, "MAX_FILE", 10)
    assert collect_origins(lay(tmp_path, a=box), root=tmp_path) != [("a", "N08")]
    monkeypatch.setattr(limits, "MAX_MAILBOX", 20)
    assert collect_origins(tmp_path, root=tmp_path) == [("a", "N08")]


def test_a_file_that_makes_a_library_fail_stops_no_other(tmp_path, monkeypatch):
    def fail(*_):
        raise AssertionError("nobody foresaw this")

    lay(tmp_path, **{"a.zip": make_zip(**{"x.xlsx": BOOK}), "b.xlsx": BOOK})
    monkeypatch.setattr(zipfile.ZipFile, "open", fail)
    assert collect_origins(tmp_path, root=tmp_path) == [("a.zip", "N06"), ("b.xlsx", None)]


def ole(*streams: str) -> bytes:
    names = b"".join(name.encode("utf-16-le") + bytes(8) for name in streams)
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + names


XML_SHEET = (
    b'<?xml version="1.0"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'
)
FLAT_SHEET = (
    b'<?xml version="1.0"?><x office:mimetype="application/vnd.oasis.opendocument.spreadsheet'
)
NUMBERS = make_zip(**{"Index/Document.iwa": b"x", "preview.jpg": b"x"})
WORD = make_zip(**{"[Content_Types].xml": b"<a/>", "word/document.xml": b"<a/>"})
ODS = make_zip(mimetype=b"application/vnd.oasis.opendocument.spreadsheet")
EPUB = make_zip(mimetype=b"application/epub+zip")
ODT = make_zip(mimetype=b"application/vnd.oasis.opendocument.text")


TYPES = {
    None: [
        *((name, BOOK) for name in ("a.doc", "a.docx", "a.dat", "a.pdf", "a.xlsx.crdownload")),
        ("b.txt", ODS),
        ("b.doc", ole("Workbook")),
        ("c.doc", ole("BOOK")),
        ("a.et", ole("Book")),
    ],
    "N03": [
        ("a.doc", ole("WordDocument")),
        ("b.doc", ole("WordDocument", "Book")),
        ("a.dat", WORD),
        ("b.dat", ODT),
        ("a.pages", NUMBERS),
    ],
    "N04": [
        ("a.tar", bytes(257) + b"ustar"),
        ("a.dat", bytes(257) + b"ustar"),
        ("a.iso", bytes(32769) + b"CD001"),
        ("b.dat", b"\xfd7zXZ\0"),
        ("a.arj", b"x"),
    ],
    "N05": [("a.xml", b"<?xml version='1.0'?><hoa-don/>"), ("a.epub", EPUB), ("a.mp4", b"x")],
    "N16": [("a.csv", b"1,2"), ("a.HTML", b"<html>"), ("a.mht", b"MIME-Version: 1.0")],
    "N17": [
        ("a.numbers", NUMBERS),
        ("a", NUMBERS),
        ("a.xml", XML_SHEET),
        ("a.dat", b"\xef\xbb\xbf" + XML_SHEET),
        ("a.fods", FLAT_SHEET),
        ("a.gnumeric", b"\x1f\x8b\x08"),
    ],
    "N18": [
        ("a.url", b"x"),
        ("a.dat", b"[InternetShortcut]"),
        ("a.gsheet", b'{"url": "x"}'),
        ("a.xlsx - Shortcut.lnk", b"\x4c\x00\x00\x00\x01\x14\x02\x00"),
    ],
    "N23": [
        ("a.xlsx.crdownload", BOOK[:90]),
        ("a.xlsx.part", b""),
        ("a.tmp", b"x"),
        ("a.csv", b""),
        ("a", b""),
    ],
}


@pytest.mark.parametrize("code", TYPES, ids=str)
def test_the_content_decides_then_the_suffix(tmp_path, code):
    for name, data in TYPES[code]:
        path = lay(tmp_path, **{name: data}) / name
        assert collect_origins(path) == [(name, code)]


def test_a_zip_of_files_under_any_name_is_opened(tmp_path):
    lay(tmp_path, **{"a.doc": make_zip(**{"b.xlsx": BOOK, "__MACOSX/._b.xlsx": b"\0\5\x16\7"})})
    assert collect_origins(tmp_path, root=tmp_path) == [("a.doc!b.xlsx", None)]


def test_leftovers_of_office_and_of_systems_are_not_counted(tmp_path):
    leftovers = ("~$a.xlsx", "~WRL0001.tmp", "~DF12AB.tmp", "desktop.ini", ".DS_Store", "._a.xlsx")
    lay(tmp_path, **{"a.xlsx": BOOK, **dict.fromkeys(leftovers, b"x")})
    assert collect_origins(tmp_path, root=tmp_path) == [("a.xlsx", None)]
