"""Containers of .xls files: names, passwords and rights, as Excel takes them."""

from __future__ import annotations

import struct

import pytest
from builders.outlook_files import compound
from builders.reader_files import FORMS, codes

from mlay_batch.reader import Limits, read
from mlay_batch.reader.workbook import cell_texts

BOF, EOF, BOUNDSHEET, NUMBER, FONT, FILEPASS = 0x809, 0x0A, 0x85, 0x203, 0x31, 0x2F
BIFF5, BIFF8 = 0x500, 0x600
RIGHTS = "DRMEncryptedTransform"


def record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def workbook(*records: bytes, version: int = BIFF8) -> bytes:
    """A workbook's stream with one sheet, 13 in its cell A1, and `records` before all else."""

    def start(kind: int) -> bytes:
        return record(BOF, struct.pack("<HH", version, kind) + bytes(12))

    def first_part(offset: int) -> bytes:
        sheet = record(BOUNDSHEET, struct.pack("<IHBB", offset, 0, 1, 0) + b"S")
        return start(5) + b"".join(records) + sheet + record(EOF)

    cell = record(NUMBER, struct.pack("<3Hd", 0, 0, 0, 13))
    stream = first_part(len(first_part(0))) + start(16) + cell + record(EOF)
    return stream.ljust(4096, b"\0")  # smaller ones are stored in another way


@pytest.mark.parametrize("name", ["Workbook", "WORKBOOK", "workbook", "Book", "BOOK", "book"])
def test_the_name_of_the_stream_knows_no_case(name):
    assert cell_texts(compound({name: workbook()}), Limits()) == {"S": {"A1": "13"}}


def test_the_newer_of_two_workbooks_in_one_file():
    """As Excel 97 wrote for users of Excel 95."""
    data = compound({"Book": workbook(version=BIFF5), "Workbook": workbook()})
    assert cell_texts(data, Limits()) == {"S": {"A1": "13"}}


def test_a_container_whose_chains_overlap():
    """Excel reads on; some programs leave the root entry like that."""
    data = bytearray(compound({"Workbook": workbook()}))
    root = data.index("Root Entry".encode("utf-16-le"))
    data[root + 116 : root + 120] = data[root + 128 + 116 : root + 128 + 120]
    data[root + 120 : root + 124] = struct.pack("<I", 64)
    assert cell_texts(bytes(data), Limits()) == {"S": {"A1": "13"}}


@pytest.mark.parametrize(
    ("streams", "code"),
    [
        # what follows a password is encrypted: a font's name seems to end nowhere
        ({"Workbook": workbook(record(FILEPASS, bytes(6)), record(FONT, b"\xff"))}, "R04"),
        ({"Book": workbook(record(FILEPASS, bytes(4)), version=BIFF5)}, "R04"),
        ({"Book": workbook(version=BIFF5)}, "R08"),
        ({"Workbook": workbook(version=BIFF5)}, "R08"),
        ({"EncryptedPackage": bytes(99), "EncryptionInfo": bytes(9)}, "R04"),
        ({"EncryptedPackage": bytes(99), "\x06DataSpaces": {RIGHTS: {"x": b"1"}}}, "R38"),
        ({"Workbook": workbook(), "\x09DRMContent": bytes(99)}, "R38"),
        ({"WordDocument": bytes(99)}, "R03"),
    ],
)
def test_why_a_container_is_not_read(streams, code):
    assert codes(read(compound(streams), "", FORMS)) == [code]


@pytest.mark.parametrize("version", [0x009, 0x209, 0x409, 0x809])
def test_a_workbook_from_before_containers_is_an_old_one(version):
    size = 8 if version == 0x809 else 4 if version == 9 else 6
    data = struct.pack("<HH", version, size) + bytes(60)
    assert codes(read(data, "", FORMS)) == ["R08"]
