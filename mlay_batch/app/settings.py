"""Reads `mlay.toml` strictly: an unknown key is reported with the nearest known one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from mlay_batch.core.mail_address import is_mail_address
from mlay_batch.core.text import nearest
from mlay_batch.errors import Phrase, UsageError, raise_all

CONFIG_NAME = "mlay.toml"
LANGUAGES = ("vi", "en")

# Limits of incoming files; `reader` explains each and has the defaults.
_SIZES = ("memory_mb", "file_mb", "inflated_mb", "ratio")
LIMIT_KEYS = ("seconds", *_SIZES, "entries", "cells", "rows", "columns", "text")

CONFIG_TEMPLATE = """\
# Cấu hình của mlay trên máy này; quy định của cơ quan thì ghi ở sổ đăng ký.
# Dòng bắt đầu bằng dấu # là lời giải thích.
# Sửa bằng Notepad, lưu dạng UTF-8. Tên mục viết sai sẽ được báo ngay khi chạy.

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
# entries = 1000       # số tệp con trong một tệp Excel
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
# của từng đơn vị bên dưới. Hạn nộp ghi ở sổ đăng ký, trang Quy định.
# [consolidated]
# from = ["lower"]

# Thời hạn lưu giữ, cho mlay purge: mỗi loại giữ mấy năm (years) kể từ khi hết kỳ, hoặc từ ngày nhận
# nếu nhận sau; để làm gì (purpose); theo văn bản nào (basis). Số năm dưới đây là mức tạm đặt, chưa
# ai xác nhận: cơ quan tự quyết định và ghi văn bản của mình.
# [retention.originals]   # bản gốc các tệp nhận về
# years = 5
# basis = "Quyết định số … của …"
# [retention.letters]     # thư đến, thư đi, địa chỉ, tiêu đề, tên tệp
# years = 2
# [retention.texts]       # lời văn trong báo cáo đã nhận
# years = 5
# [retention.decisions]   # bảng việc, lý do và người quyết định
# years = 2
# [retention.names]       # bảng tổng hợp, báo cáo và sổ đăng ký đã chốt, có tên cán bộ
# years = 5
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
class Retention:
    """How long one kind of data is kept, for what, and who says so."""

    years: int
    """From the end of the period, or from the day it came if that is later."""
    purpose: str | None = None
    """What it is for; None: as `locale/purge.yaml` says."""
    basis: str | None = None
    """The document the term rests on; None: nobody has confirmed it."""

    def is_over(self, since: date, day: date) -> bool:
        """Whether the term that began on `since` is over on `day`."""
        return self.ends(since) <= day

    def ends(self, since: date) -> date:
        """Return the first day on which it is over."""
        begin = since + timedelta(days=1)  # of a period that ended on 31 December: 1 January
        is_leap_day = (begin.month, begin.day) == (2, 29)
        return begin.replace(year=begin.year + self.years, day=28 if is_leap_day else begin.day)


# The terms that are shipped: nobody has confirmed them, an office sets its own.
RETENTION: Mapping[str, int] = {
    "originals": 5,
    "letters": 2,
    "texts": 5,
    "decisions": 2,
    "names": 5,
}


@dataclass(frozen=True)
class Settings:
    """The content of `mlay.toml`."""

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
    consolidated: tuple[str, ...] = ()
    """Types of organisation that send a consolidated workbook for all below them."""
    retention: Mapping[str, Retention] = field(
        default_factory=lambda: {kind: Retention(years) for kind, years in RETENTION.items()}
    )
    """How long each kind of data is kept."""

    @classmethod
    def parse(cls, text: str, file: str = CONFIG_NAME) -> Settings:
        """Return the settings in `text`; `file` is its name in messages.

        Raises UsageError with all mistakes: ``workspace.toml``, ``workspace.key`` (names the
        nearest key), ``workspace.value``.
        """
        try:
            config = tomllib.loads(text)
        except ValueError as error:  # TOMLDecodeError; of int() for a number of 5,000 digits
            raise _syntax_error(str(error), text, file) from error
        # unknown keys first, each kind in the order of the file
        errors = _errors(config, text, file)
        raise_all(sorted(errors, key=lambda error: (error.code, error.params["line"])))
        smtp = {f"{key}_" if key == "from" else key: v for key, v in config.get("smtp", {}).items()}
        return cls(
            **config.get("program", {}),
            limits=config.get("limits", {}),
            mail_server=config.get("mail", {}).get("server"),
            auth_host=config.get("mail", {}).get("auth_host"),
            imap=Imap(**config["imap"]) if config.get("imap") else None,
            smtp=Smtp(**smtp) if smtp else None,
            consolidated=tuple(config.get("consolidated", {}).get("from", ())),
            retention={
                kind: Retention(**{"years": years} | config.get("retention", {}).get(kind, {}))
                for kind, years in RETENTION.items()
            },
        )


# What the library says is wrong, and the text ``toml.<name>``.
_SYNTAX = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"Cannot|Duplicate", "twice"),
        (r"Unescaped|hex value|Escaped character", "escape"),
        (r"Unterminated|Illegal character '\\n'|Expected \"'\"", "quote"),
        (r"Unclosed", "bracket"),
        (r"Expected '\]", "header"),
        (r"Expected '='", "equals"),
        (r"Expected newline", "after"),
        (r"statement|key part|in key", "key"),
        (r"Invalid value|date|digits", "value"),
        (r"Illegal character", "control"),
    )
)
_POSITION = re.compile(r"line (\d+), column (\d+)")
_HEADER = re.compile(r"\s*\[+\s*([^\]]+?)\s*\]")


def _syntax_error(words: str, text: str, file: str) -> UsageError:
    """Return the error to show for one of the library's; its English stays behind."""
    position = _POSITION.search(words)
    lines = text.splitlines()
    line, column = map(int, position.groups()) if position else (len(lines), 1)
    if "digits" in words:  # of int(), which knows no line
        line = 1 + lines.index(max(lines, key=len))
    name = next((name for pattern, name in _SYNTAX if pattern.search(words)), "other")
    problem = Phrase(f"toml.{name}")
    return UsageError("workspace.toml", file=file, line=line, column=column, problem=problem)


def _line_of(text: str, table: str, key: str = "") -> int:
    """Return the line of a key in its table, or else of the table, or else the first."""
    current, table_line = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            current = header[1]
        name = re.match(r"\s*[\"']?([^\s\"'=.]+)", line)
        if current == table and name and name[1] == key:
            return number
        if not table_line and (current == table or (name and name[1] == table)):
            table_line = number
    return table_line or 1


def _errors(config: Mapping[str, Any], text: str, file: str) -> Iterator[UsageError]:
    """Yield unknown tables and keys, wrong and missing values.

    A missing key that was only misspelt is not yielded besides.
    """
    for name, table in _named_tables(config):
        line = _line_of(text, name)
        if name not in _TABLES:
            yield _unknown_key(name, _TABLES, file, line)
        elif not isinstance(table, dict):
            yield UsageError("workspace.value", file=file, line=line, key=name, wanted=f"[{name}]")
        else:
            yield from _errors_in_table(name, table, text, file)


def _errors_in_table(
    name: str, table: Mapping[str, Any], text: str, file: str
) -> Iterator[UsageError]:
    kinds, misspelt = _TABLES[name], set()
    for key in table.keys() - kinds.keys():
        known = [f"{name}.{other}" for other in kinds]
        error = _unknown_key(f"{name}.{key}", known, file, _line_of(text, name, key))
        misspelt.add(error.params["nearest"])
        yield error
    for key, value in (dict.fromkeys(_REQUIRED.get(name, ())) | dict(table)).items():
        is_reported = key not in kinds or (value is None and f"{name}.{key}" in misspelt)
        if not is_reported and not kinds[key].is_valid(value):
            line = _line_of(text, name, key)
            yield UsageError(
                "workspace.value" if key in table else "workspace.without",
                file=file,
                line=line,
                key=f"{name}.{key}",
                wanted=kinds[key].example,
            )


def _named_tables(config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each table with its name; those of retention by kind, as ``retention.texts``."""
    for name, table in config.items():
        if name == "retention" and isinstance(table, dict):
            yield from ((f"{name}.{kind}", inner) for kind, inner in table.items())
        else:
            yield name, table


def _unknown_key(key: str, allowed: Iterable[str], file: str, line: int) -> UsageError:
    near = nearest(key, allowed)
    known = "" if near else ", ".join(sorted(allowed))
    return UsageError(
        "workspace.key", file=file, line=line, key=key, nearest=near or "", known=known
    )


@dataclass(frozen=True)
class _Kind:
    """A kind of value.

    Attributes:
        is_valid: says whether a value may stand there.
        example: what may stand there, as messages show it.
    """

    is_valid: Callable[[Any], bool]
    example: str


def _choice(*names: str) -> _Kind:
    return _Kind(lambda value: value in names, " | ".join(f'"{name}"' for name in names))


def _number(least: int, most: int | None = None) -> _Kind:
    def is_valid(value: Any) -> bool:
        return type(value) is int and least <= value and (most is None or value <= most)

    upwards = f"{least}, {least + 1}, {least + 2}, …"
    return _Kind(is_valid, f"{least} … {most}" if most else upwards)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_zone(name: object) -> bool:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # start-up: only where one is written

    try:
        return bool(ZoneInfo(str(name)))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


_TEXT, _PORT = _Kind(_is_text, '"…"'), _number(1, 65535)
_TABLES: Mapping[str, Mapping[str, _Kind]] = {
    "program": {
        "language": _choice(*LANGUAGES),
        "time_zone": _Kind(_is_zone, '"Asia/Ho_Chi_Minh"'),
    },
    "consolidated": {"from": _Kind(_are_texts, '["lower"]')},
    # Of incoming files; `reader` explains each and has the defaults.
    "limits": dict.fromkeys(LIMIT_KEYS, _number(1)),
    "mail": {"server": _TEXT, "auth_host": _TEXT},
    "imap": {"host": _TEXT, "port": _PORT, "user": _TEXT, "folder": _TEXT, "ca_file": _TEXT},
    "smtp": {
        "host": _TEXT,
        "port": _PORT,
        "user": _TEXT,
        "from": _Kind(lambda value: is_mail_address(str(value)), '"vanphong@example.vn"'),
        "security": _choice(*SECURITY_MODES),
        "per_minute": _number(1, 65535),
        "ca_file": _TEXT,
    },
    **{
        f"retention.{kind}": {"years": _number(1, 100), "purpose": _TEXT, "basis": _TEXT}
        for kind in RETENTION
    },
}
_REQUIRED = {
    "consolidated": ("from",),
    "imap": ("host", "user"),
    "smtp": ("host", "from"),
}
