"""Reads `mlay.toml` strictly: an unknown key is reported with the nearest known one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlay_batch.core.text import is_mail_address, nearest
from mlay_batch.errors import UsageError

CONFIG_NAME = "mlay.toml"
LANGUAGES = ("vi", "en")

# Limits of incoming files; `reader` explains each and has the defaults.
LIMIT_KEYS = frozenset(
    {
        "seconds",
        "memory_mb",
        "file_mb",
        "inflated_mb",
        "entries",
        "ratio",
        "cells",
        "rows",
        "columns",
        "text",
    }
)
_KEYS: Mapping[str, frozenset[str]] = {
    "town": frozenset({"code", "name", "place"}),
    "program": frozenset({"language", "time_zone"}),
    "consolidated": frozenset({"from"}),
    "limits": LIMIT_KEYS,
    "mail": frozenset({"server", "auth_host"}),
    "imap": frozenset({"host", "port", "user", "folder", "ca_file"}),
    "smtp": frozenset({"host", "port", "user", "from", "security", "per_minute", "ca_file"}),
}
_DEADLINE_KEYS = frozenset({"due", "lock", "correct"})
_MAX_PORT = 65535

CONFIG_TEMPLATE = """\
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

# Giới hạn của mỗi tệp nhận vào; chỉ ghi khi cần khác mức có sẵn dưới đây.
# [limits]
# seconds = 30         # thời gian đọc một tệp
# memory_mb = 1024     # bộ nhớ của tiến trình đọc
# file_mb = 20         # cỡ tệp
# inflated_mb = 200    # cỡ sau khi giải nén
# entries = 1000       # số tệp con trong một sổ
# ratio = 100          # tỉ lệ nén cao nhất của một tệp con (trên 100 KB)
# cells = 1000000      # số ô của một trang
# rows = 100000
# columns = 500
# text = 32767         # số chữ trong một ô

# Máy chủ thư của cơ quan, như ghi trong dòng Received và Authentication-Results của thư đến.
# Không ghi thì giờ nhận là giờ chạy mlay ingest.
# [mail]
# server = "mail.example.vn"
# auth_host = "mail.example.vn"

# Hộp thư nhận báo cáo, cho mlay fetch; thư chỉ được đọc, không bị xóa hay đánh dấu. Mật khẩu không
# ghi ở đây: đặt trong biến môi trường MLAY_IMAP_PASSWORD hoặc kho mật khẩu (dịch vụ mlay-imap).
# [imap]
# host = "mail.example.vn"
# user = "vanphong"
# folder = "INBOX"

# Hộp thư gửi đi, cho mlay reply --send. Mật khẩu không ghi ở đây: đặt trong biến môi trường
# MLAY_SMTP_PASSWORD hoặc kho mật khẩu của máy (dịch vụ mlay-smtp).
# security: "tls" (thường là cổng 465) hoặc "starttls" (587); không mã hóa thì không gửi.
# [smtp]
# host = "mail.example.vn"
# port = 465
# security = "tls"
# user = "vanphong"
# from = "vanphong@example.vn"
# per_minute = 20

# Cấp trên: những loại tổ chức (như trong sổ đăng ký) nộp bảng tổng hợp của mình thay cho báo cáo
# của từng đơn vị bên dưới. Hạn nộp ghi ở [deadlines.consolidated].
# [consolidated]
# from = ["town"]

# Hạn nộp và ngày khóa sổ của mỗi mẫu: số ngày sau khi hết kỳ; correct: số ngày để sửa một báo cáo
# bị trả lại, kể từ ngày trả. Chỉ ghi khi cần khác mức có sẵn.
# [deadlines.meeting]
# due = 5
# lock = 20
# correct = 3
"""
SECURITY_MODES = ("tls", "starttls")


@dataclass(frozen=True)
class Smtp:
    """The mail host for outgoing letters: always encrypted, its certificate always verified."""

    host: str
    from_: str
    port: int = 465
    security: str = "tls"
    """``tls`` from the first byte (port 465) or ``starttls`` (587)."""
    user: str | None = None
    per_minute: int = 20
    ca_file: str | None = None
    """Certificates to trust besides the machine's own."""


@dataclass(frozen=True)
class Imap:
    """The mailbox of incoming returns: TLS from the first byte, its certificate always verified."""

    host: str
    user: str
    port: int = 993
    folder: str = "INBOX"
    ca_file: str | None = None
    """As of `Smtp`."""

    @property
    def mailbox(self) -> str:
        """Name of this mailbox in the ledger."""
        return f"{self.user}@{self.host}/{self.folder}"


@dataclass(frozen=True)
class Settings:
    """The content of `mlay.toml`."""

    name: str
    place: str
    code: str | None = None
    """None: the office is the register's organisation without parent."""
    language: str = "vi"
    time_zone: str = "Asia/Ho_Chi_Minh"
    limits: Mapping[str, int] = field(default_factory=dict)
    """Limits that differ from the reader's, under the same names."""
    mail_server: str | None = None
    """Name of the office's mail server in the Received lines it adds to a mail."""
    auth_host: str | None = None
    """The same in its Authentication-Results lines."""
    imap: Imap | None = None
    smtp: Smtp | None = None
    deadlines: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Days ``due``, ``lock``, ``correct`` of a form that differ from its description."""
    consolidated: tuple[str, ...] = ()
    """Types of organisation that send a consolidated workbook for all below them."""

    @classmethod
    def parse(cls, text: str, file: str = CONFIG_NAME) -> Settings:
        """Return the settings in `text`; `file` is its name in messages.

        Raises UsageError: ``workspace.toml``, ``workspace.key`` (names the nearest key),
        ``workspace.value``.
        """
        try:
            config = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UsageError("workspace.toml", file=file, problem=str(error)) from error
        _check_keys(config, file)
        _check_values(config, file)
        smtp = {f"{key}_" if key == "from" else key: v for key, v in config.get("smtp", {}).items()}
        return cls(
            **config["town"],
            **config.get("program", {}),
            limits=config.get("limits", {}),
            mail_server=config.get("mail", {}).get("server"),
            auth_host=config.get("mail", {}).get("auth_host"),
            imap=Imap(**config["imap"]) if config.get("imap") else None,
            smtp=Smtp(**smtp) if smtp else None,
            deadlines=config.get("deadlines", {}),
            consolidated=tuple(config.get("consolidated", {}).get("from", ())),
        )


def _check_keys(config: Mapping[str, Any], file: str) -> None:
    for name, table in config.items():
        if name not in (*_KEYS, "deadlines"):
            raise _unknown_key(name, [*_KEYS, "deadlines"], file)
        if not isinstance(table, dict):
            raise UsageError("workspace.value", file=file, key=name, wanted=f"[{name}]")
        if name != "deadlines":
            _check_table_keys(name, table, _KEYS[name], file)
    for form, days in config.get("deadlines", {}).items():
        if not isinstance(days, dict):
            expected = f"[deadlines.{form}]"
            raise UsageError("workspace.value", file=file, key=f"deadlines.{form}", wanted=expected)
        _check_table_keys(f"deadlines.{form}", days, _DEADLINE_KEYS, file)


def _check_table_keys(
    table: str, entries: Mapping[str, Any], allowed: frozenset[str], file: str
) -> None:
    for key in entries:
        if key not in allowed:
            raise _unknown_key(f"{table}.{key}", [f"{table}.{k}" for k in allowed], file)


def _unknown_key(key: str, allowed: Mapping[str, object] | list[str], file: str) -> UsageError:
    hint = nearest(key, allowed) or ", ".join(sorted(allowed))
    return UsageError("workspace.key", file=file, key=key, nearest=hint)


def _check_values(config: Mapping[str, Any], file: str) -> None:
    for key, expected in _invalid_values(config):
        raise UsageError("workspace.value", file=file, key=key, wanted=expected)


def _invalid_values(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield every key with an invalid value, and the valid ones."""
    yield from _invalid_town(config.get("town", {}), config.get("program", {}))
    yield from _invalid_numbers(config.get("limits", {}), "limits", 1)
    for form, days in config.get("deadlines", {}).items():
        yield from _invalid_numbers(days, f"deadlines.{form}", 0)
    yield from _invalid_texts(config.get("mail", {}), "mail")
    types = config.get("consolidated", {"from": []}).get("from")
    if not (isinstance(types, list) and all(isinstance(name, str) and name for name in types)):
        yield "consolidated.from", '["town"]'
    if "imap" in config:
        yield from _invalid_texts({"host": None, "user": None, **config["imap"]}, "imap")
    if "smtp" in config:
        yield from _invalid_smtp({"host": None, "from": None, **config["smtp"]})


def _invalid_town(
    office: Mapping[str, Any], program: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    for key, value in {"name": None, "place": None, **office}.items():
        if not (isinstance(value, str) and value.strip()):
            yield f"town.{key}", '"…"'
    if program.get("language", "vi") not in LANGUAGES:
        yield "program.language", " | ".join(f'"{lang}"' for lang in LANGUAGES)
    if "time_zone" in program and not _is_zone(program["time_zone"]):
        yield "program.time_zone", '"Asia/Ho_Chi_Minh"'


def _invalid_numbers(
    entries: Mapping[str, Any], table: str, minimum: int
) -> Iterator[tuple[str, str]]:
    for key, value in entries.items():
        if type(value) is not int or value < minimum:
            yield f"{table}.{key}", f"{minimum}, {minimum + 1}, {minimum + 2}, …"


def _invalid_texts(entries: Mapping[str, Any], table: str) -> Iterator[tuple[str, str]]:
    for key, value in entries.items():
        if key in ("port", "per_minute"):
            if type(value) is not int or not 1 <= value <= _MAX_PORT:
                yield f"{table}.{key}", f"1 … {_MAX_PORT}"
        elif not (isinstance(value, str) and value.strip()):
            yield f"{table}.{key}", '"…"'


def _invalid_smtp(entries: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _invalid_texts(entries, "smtp")
    if entries.get("security", "tls") not in SECURITY_MODES:
        yield "smtp.security", " | ".join(f'"{name}"' for name in SECURITY_MODES)
    if not is_mail_address(str(entries["from"])):
        yield "smtp.from", '"vanphong@example.vn"'


def _is_zone(name: object) -> bool:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # start-up: only where one is written

    try:
        return bool(ZoneInfo(str(name)))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
