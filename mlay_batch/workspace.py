"""The folder of a town: where everything lies, and what `mlay.toml` says.

Not a stage: it sets up what the stages work in, the ledger included.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import Any

from mlay_batch.errors import NoWorkspaceError, UsageError
from mlay_batch.files import write_atomically
from mlay_batch.names import clean, nearest

CONFIG = "mlay.toml"
LANGUAGES = ("vi", "en")
MOUNTS = Path("/proc/mounts")

# What a file that comes in may cost; `reader` explains each and has the defaults.
LIMITS = frozenset(
    {"seconds", "memory_mb", "file_mb", "inflated_mb", "entries", "ratio", "cells", "rows",
     "columns", "text"}
)  # fmt: skip
_KEYS: Mapping[str, frozenset[str]] = {
    "town": frozenset({"code", "name", "place"}),
    "program": frozenset({"language", "time_zone"}),
    "limits": LIMITS,
}
# SQLite's locks do not hold on these: https://www.sqlite.org/howtocorrupt.html, section 2.1
_NETWORK = re.compile(r"nfs\d?|cifs|smb\w*|ncpfs|afs|davfs\d?|fuse\.(sshfs|rclone|davfs\w*)")
_OCTAL = re.compile(r"\\([0-7]{3})")

_TEMPLATE = """\
# Cấu hình của mlay cho một đảng bộ. Dòng bắt đầu bằng dấu # là lời giải thích.
# Sửa bằng Notepad, lưu dạng UTF-8. Tên mục viết sai sẽ được báo ngay khi chạy.

[town]
# Tên cơ quan, in ở đầu báo cáo tổng hợp, và địa danh ghi trước ngày tháng.
name = {name}
place = {place}
# Mã trong sổ đăng ký; không ghi thì lấy tổ chức không có cấp trên.
# code = "TU"

[program]
# vi hoặc en
language = "vi"
time_zone = "Asia/Ho_Chi_Minh"

# Giới hạn của mỗi tệp nhận vào (MB, giây); chỉ ghi khi cần khác mức có sẵn.
# [limits]
# file_mb = 20
# seconds = 30
"""


@dataclass(frozen=True)
class Settings:
    """What `mlay.toml` says. `code` None: the town is the register's organisation without parent.

    `limits` holds only what differs from the reader's own limits, under the same names.
    """

    name: str
    place: str
    code: str | None = None
    language: str = "vi"
    time_zone: str = "Asia/Ho_Chi_Minh"
    limits: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, file: str = CONFIG) -> Settings:
        """Return the settings written in `text`; `file` is its name in messages.

        Raises UsageError: ``workspace.toml``, ``workspace.key`` (names the nearest key),
        ``workspace.value``.
        """
        try:
            told = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UsageError("workspace.toml", file=file, problem=str(error)) from error
        _check_keys(told, file)
        _check_values(told, file)
        return cls(**told["town"], **told.get("program", {}), limits=told.get("limits", {}))


def _check_keys(told: Mapping[str, Any], file: str) -> None:
    for table, keys in told.items():
        if table not in _KEYS:
            raise _unknown(table, _KEYS, file)
        if not isinstance(keys, dict):
            raise UsageError("workspace.value", file=file, key=table, wanted=f"[{table}]")
        for key in keys:
            if key not in _KEYS[table]:
                raise _unknown(f"{table}.{key}", [f"{table}.{k}" for k in _KEYS[table]], file)


def _unknown(key: str, known: Mapping[str, object] | list[str], file: str) -> UsageError:
    hint = nearest(key, known) or ", ".join(sorted(known))
    return UsageError("workspace.key", file=file, key=key, nearest=hint)


def _check_values(told: Mapping[str, Any], file: str) -> None:
    def refuse(key: str, wanted: str) -> UsageError:
        return UsageError("workspace.value", file=file, key=key, wanted=wanted)

    town, program = told.get("town", {}), told.get("program", {})
    for key, value in {"name": None, "place": None, **town}.items():
        if not (isinstance(value, str) and value.strip()):
            raise refuse(f"town.{key}", '"…"')
    if program.get("language", "vi") not in LANGUAGES:
        raise refuse("program.language", " | ".join(f'"{lang}"' for lang in LANGUAGES))
    if "time_zone" in program and not _is_zone(program["time_zone"]):
        raise refuse("program.time_zone", '"Asia/Ho_Chi_Minh"')
    for key, value in told.get("limits", {}).items():
        if type(value) is not int or value < 1:
            raise refuse(f"limits.{key}", "1, 2, 3, …")


def _is_zone(name: object) -> bool:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # start-up: only where one is written

    try:
        return bool(ZoneInfo(str(name)))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


@dataclass(frozen=True)
class Workspace:
    """The folder `root` of a town, the places in it, and its settings."""

    root: Path
    settings: Settings

    @property
    def inbox(self) -> Path:
        """Where files that came in are put."""
        return self.root / "inbox"

    @property
    def outbox(self) -> Path:
        """Where forms and replies to be sent are written."""
        return self.root / "outbox"

    @property
    def archive(self) -> Path:
        """The originals of everything received, by hash."""
        return self.root / "archive"

    @property
    def reports(self) -> Path:
        """The consolidated workbooks, a folder for each period."""
        return self.root / "reports"

    @property
    def schemas(self) -> Path:
        """The town's own forms, quotas and schemes, which come before those shipped."""
        return self.root / "schemas"

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.root / "ledger.sqlite"

    @property
    def register(self) -> Path:
        """The town's register, a workbook."""
        return self.root / "register.xlsx"

    @classmethod
    def find(cls, start: Path) -> Workspace:
        """Return the workspace that `start` lies in: the nearest folder upwards with a `mlay.toml`.

        Raises NoWorkspaceError without one, UsageError when `mlay.toml` is wrong.
        """
        here = start.resolve()
        for folder in (here, *here.parents):
            if (folder / CONFIG).is_file():
                return cls(folder, Settings.parse(_read(folder / CONFIG)))
        raise NoWorkspaceError("workspace.none", path=str(here))

    @classmethod
    def create(cls, root: Path, name: str, place: str, *, network: bool = False) -> Workspace:
        """Make `root` the workspace of the town `name`, seated in `place`; return it.

        What else lies there is kept, a ledger too. `mlay.toml` is written last: where that is
        missing, an attempt broken off can be made again. Raises UsageError if it is a workspace
        already, cannot be written, or lies on a network drive (unless `network`).
        """
        from mlay_batch.ledger import Ledger  # start-up: a workspace is made once, found always

        text = _TEMPLATE.format(name=_quoted(name), place=_quoted(place))
        made = cls(root.resolve(), Settings.parse(text))
        if (made.root / CONFIG).exists():
            raise UsageError("workspace.exists", path=str(made.root))
        kind = network_kind(str(made.root), _mounts())
        if kind and not network:
            raise UsageError("workspace.network", path=str(made.root), kind=kind)
        try:
            for folder in (made.inbox, made.outbox, made.archive, made.reports, made.schemas):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            problem = error.strerror or str(error)
            raise UsageError(
                "workspace.unwritable", path=str(made.root), problem=problem
            ) from error
        if not made.ledger.exists():
            Ledger.create(made.ledger).close()
        write_atomically(made.root / CONFIG, text.encode())
        return made


def _quoted(text: str) -> str:
    """Return `text` as a TOML string: JSON's escapes are among TOML's."""
    return json.dumps(clean(text), ensure_ascii=False)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # Notepad writes the mark
    except (OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or "UTF-8"
        raise UsageError("workspace.unreadable", path=str(path), problem=problem) from error


def _mounts() -> str:
    return MOUNTS.read_text("utf-8", "surrogateescape") if MOUNTS.exists() else ""


def network_kind(path: str, mounts: str) -> str | None:
    r"""Return the kind of network drive the absolute `path` lies on, None where it is local.

    `mounts` is what /proc/mounts says, empty where there is none.

    >>> network_kind(r"\\server\share\mlay", "")
    'UNC'
    >>> network_kind("/van phong/mlay", "/dev/sda / ext4 rw 0 0\nsrv:/x /van\\040phong nfs4 rw 0 0")
    'nfs4'
    """
    if PureWindowsPath(path).drive.startswith("\\\\"):
        return "UNC"
    best, kind = "", None
    for line in mounts.splitlines():
        _, point, type_, *_ = [*line.split(), "", "", ""]
        point = _OCTAL.sub(lambda code: chr(int(code[1], 8)), point)
        if point and Path(path).is_relative_to(point) and len(point) >= len(best):
            best, kind = point, type_
    return kind if kind and _NETWORK.fullmatch(kind) else None
