"""Files as Outlook writes them: .msg (a compound file, MS-CFB, MS-OXMSG) and winmail.dat (TNEF)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

SECTOR, MINI, CUTOFF = 512, 64, 4096
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
Tree = Mapping[str, "bytes | Tree"]


@dataclass
class _Entry:
    name: str
    kind: int
    data: bytes = b""
    child: int = FREE
    right: int = FREE
    start: int = 0


def _entries(tree: Tree) -> list[_Entry]:
    """The directory: each storage's entries hang together as a list, which is a tree too."""
    entries = [_Entry("Root Entry", 5)]

    def add(parent: int, branch: Tree) -> None:
        before = None
        for name, content in branch.items():
            at, stream = len(entries), isinstance(content, bytes)
            entries.append(_Entry(name, 2 if stream else 1, content if stream else b""))
            if before is None:
                entries[parent].child = at
            else:
                entries[before].right = at
            before = at
            if not stream:
                add(at, content)

    add(0, tree)
    return entries


@dataclass
class _Sectors:
    """Sectors of one size and the chains through them."""

    size: int
    data: bytes = b""
    chains: list[int] = field(default_factory=list)

    def put(self, data: bytes) -> int:
        if not data:
            return END
        start, count = len(self.chains), -(-len(data) // self.size)
        self.data += data.ljust(count * self.size, b"\0")
        self.chains += [start + n + 1 for n in range(count - 1)] + [END]
        return start


def compound(tree: Tree) -> bytes:
    """A compound file of streams and storages."""
    entries, sectors, small = _entries(tree), _Sectors(SECTOR), _Sectors(MINI)
    for entry in entries:
        if entry.kind == 2:
            entry.start = (small if len(entry.data) < CUTOFF else sectors).put(entry.data)
    entries[0].data = small.data
    entries[0].start = sectors.put(small.data)
    directory_at = sectors.put(b"".join(map(_pack, entries)))
    minifat = _table(small.chains)
    minifat_at = sectors.put(minifat)
    fat_at = len(sectors.chains)
    fats = -(-(fat_at + 1) // (SECTOR // 4 - 1))
    head = struct.pack(
        "<8s16sHHHHH6xIIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6,
        0, fats, directory_at, 0, CUTOFF, minifat_at, len(minifat) // SECTOR, END, 0, fat_at,
    )  # fmt: skip
    difat = struct.pack(f"<{fats - 1}I", *range(fat_at + 1, fat_at + fats))
    fat = _table(sectors.chains + [FAT] * fats)
    return (head + difat).ljust(SECTOR, b"\xff") + sectors.data + fat


def _table(chains: list[int]) -> bytes:
    raw = struct.pack(f"<{len(chains)}I", *chains)
    return raw.ljust(max(1, -(-len(raw) // SECTOR)) * SECTOR, b"\xff")


def _pack(entry: _Entry) -> bytes:
    name = entry.name.encode("utf-16-le") + b"\0\0"
    return name.ljust(64, b"\0") + struct.pack(
        "<HBBIII16sIQQIQ", len(name), entry.kind, 1, FREE, entry.right, entry.child, b"", 0, 0, 0,
        entry.start, len(entry.data),
    )  # fmt: skip


def _properties(
    header: bytes, texts: Mapping[int, str], blobs: Mapping[int, bytes], ints: Mapping[int, int]
) -> Tree:
    streams: dict[str, bytes] = {}
    listed = header
    for pid, text in texts.items():
        streams[f"__substg1.0_{pid:04X}001F"] = raw = text.encode("utf-16-le", "surrogatepass")
        listed += struct.pack("<HHIII", 0x1F, pid, 6, len(raw) + 2, 0)
    for pid, blob in blobs.items():
        streams[f"__substg1.0_{pid:04X}0102"] = blob
        listed += struct.pack("<HHIII", 0x102, pid, 6, len(blob), 0)
    for pid, number in ints.items():
        listed += struct.pack("<HHIII", 3, pid, 6, number, 0)
    return {"__properties_version1.0": listed, **streams}


def msg(
    files: Mapping[str, bytes | Tree],
    headers: str = "",
    sender: str = "cb01@town.example",
    kind: str = "IPM.Note",
    words: str = "",
) -> bytes:
    """A mail saved by Outlook; without `headers` it was never sent over the net."""
    return compound(letter(files, headers, sender, kind, words))


def letter(
    files: Mapping[str, bytes | Tree],
    headers: str = "",
    sender: str = "cb01@town.example",
    kind: str = "IPM.Note",
    words: str = "",
) -> Tree:
    """A mail as Outlook keeps it; a file may be another one, or an object that is none."""
    texts = {0x1A: kind, 0x37: "Bao cao", 0x5D01: sender, 0x1035: "<1@town.example>"}
    if words:
        texts[0x1000] = words
    if headers:
        texts[0x7D] = headers
    root = struct.pack("<8xIIII8x", 0, len(files), 0, len(files))
    tree: dict[str, bytes | Tree] = dict(_properties(root, texts, {}, {}))
    for number, (name, data) in enumerate(files.items()):
        blobs, inside = ({0x3701: data}, {}) if isinstance(data, bytes) else ({}, data)
        tree[f"__attach_version1.0_#{number:08X}"] = {
            **_properties(bytes(8), {0x3707: name}, blobs, {0x3705: 1 if blobs else 5}),
            **({"__substg1.0_3701000D": inside} if inside else {}),
        }
    return tree


def tnef(**files: bytes) -> bytes:
    """A winmail.dat."""

    def attribute(level: int, name: int, kind: int, data: bytes) -> bytes:
        return (
            struct.pack("<BHHI", level, name, kind, len(data))
            + data
            + struct.pack("<H", sum(data) & 0xFFFF)
        )

    stream = struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x9006, 8, struct.pack("<I", 0x10000))
    for name, data in files.items():
        stream += attribute(2, 0x9002, 6, bytes(14))
        stream += attribute(2, 0x8010, 1, name.encode() + b"\0")
        stream += attribute(2, 0x800F, 6, data)
    return stream


def hanging() -> bytes:
    """53 bytes that keep tnefparse busy for ever: a property of four thousand million values."""
    table = struct.pack("<IHHI24x", 1, 0x1002, 1, 0xFFFFFFFF)
    return struct.pack("<IHBHHI", 0x223E9F78, 1, 1, 0x9003, 6, len(table)) + table + bytes(2)
