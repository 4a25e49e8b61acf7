"""An office's folder and its mlay.toml."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from mlay_batch.app import workspace
from mlay_batch.app.settings import CONFIG_NAME, LIMIT_KEYS, Imap, Settings
from mlay_batch.app.workspace import Workspace, network_kind
from mlay_batch.core.messages import error_text
from mlay_batch.errors import NoWorkspaceError, UsageError
from mlay_batch.ledger import Ledger
from mlay_batch.reader.cell_metadata import Limits

PROGRAM = '[program]\nlanguage = "en"\n'


def test_a_new_workspace_has_everything_in_its_place(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "town")

    assert sorted(p.name for p in workspace.root.iterdir()) == [
        "archive",
        "inbox",
        "ledger.sqlite",
        "mlay.bat",
        "mlay.command",
        "mlay.desktop",
        "mlay.toml",
        "outbox",
        "reports",
        "schemas",
    ]
    assert workspace.settings == Settings()
    assert Workspace.find(workspace.inbox) == workspace
    with Ledger.open(workspace.ledger) as ledger:
        assert ledger.entries() == ()


def test_the_limits_shown_are_those_that_hold(tmp_path: Path) -> None:
    """Whoever removes the marks of comment in mlay.toml changes nothing yet."""
    workspace = Workspace.create(tmp_path)
    written = (workspace.root / "mlay.toml").read_text(encoding="utf-8")
    block = written[written.index("# [limits]") :].split("\n\n")[0]
    limits = Settings.parse(written + block.replace("# ", "", 1).replace("\n# ", "\n")).limits
    assert Limits(**limits) == Limits()
    assert set(limits) == {field.name for field in fields(Limits)}


def test_what_lies_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "a.xlsx").write_bytes(b"PK")
    (tmp_path / "notes.txt").write_text("mine")
    Ledger.create(tmp_path / "ledger.sqlite").close()
    before = (tmp_path / "ledger.sqlite").stat().st_ino

    Workspace.create(tmp_path)

    assert (tmp_path / "inbox" / "a.xlsx").read_bytes() == b"PK"
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "ledger.sqlite").stat().st_ino == before


def test_a_workspace_is_made_once(tmp_path: Path) -> None:
    Workspace.create(tmp_path)
    before = (tmp_path / CONFIG_NAME).read_bytes()
    with pytest.raises(UsageError, match=r"workspace\.exists"):
        Workspace.create(tmp_path)
    assert (tmp_path / CONFIG_NAME).read_bytes() == before


def test_an_attempt_broken_off_can_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(workspace, "write_atomically", crash)
        with pytest.raises(KeyboardInterrupt):
            Workspace.create(tmp_path)
    with pytest.raises(NoWorkspaceError):
        Workspace.find(tmp_path)
    Workspace.create(tmp_path)


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "inbox").write_text("a file")
    with pytest.raises(UsageError, match=r"workspace\.unwritable"):
        Workspace.create(tmp_path)


def test_no_workspace_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(NoWorkspaceError) as caught:
        Workspace.find(tmp_path / "not there")
    assert str(tmp_path / "not there") in error_text(caught.value, "vi")


def test_the_nearest_workspace_counts(tmp_path: Path) -> None:
    Workspace.create(tmp_path)
    town = Workspace.create(tmp_path / "town")
    assert Workspace.find(town.reports / "2019-11").root == town.root


def test_notepad_may_edit_it(tmp_path: Path) -> None:
    text = PROGRAM.replace("\n", "\r\n")
    (tmp_path / CONFIG_NAME).write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert Workspace.find(tmp_path).settings.language == "en"
    (tmp_path / CONFIG_NAME).write_bytes(text.encode("utf-16"))
    with pytest.raises(UsageError, match=r"workspace\.unreadable"):
        Workspace.find(tmp_path)


def test_every_setting_is_read() -> None:
    text = (
        '[program]\nlanguage = "en"\ntime_zone = "Asia/Bangkok"\n'
        "[limits]\nfile_mb = 5\nseconds = 9\n"
        '[mail]\nserver = "mx.x"\nauth_host = "auth.x"\n'
        '[imap]\nhost = "h.x"\nuser = "vp"\nport = 1993\nfolder = "Báo cáo"\nca_file = "ca.pem"\n'
    )
    assert Settings.parse(text) == Settings(
        "en",
        "Asia/Bangkok",
        {"file_mb": 5, "seconds": 9},
        mail_server="mx.x",
        auth_host="auth.x",
        imap=Imap("h.x", "vp", 1993, "Báo cáo", "ca.pem"),
    )


def test_every_limit_is_one_of_the_readers() -> None:
    assert {entry.name for entry in fields(Limits)} == set(LIMIT_KEYS)


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        ('[imap]\nhots = "x"', "imap.hots", "imap.host"),
        ("[limit]\nfile_mb = 5", "limit", "limits"),
        ("[limits]\nfile_size_mb = 5", "limits.file_size_mb", "limits.file_mb"),
        ('[program]\nlang = "vi"', "program.lang", "program.language"),
        ('[imap]\nfoldr = "x"', "imap.foldr", "imap.folder"),
        ('[program]\nqqq = "vi"', "program.qqq", "program.language, program.time_zone"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest(text: str, key: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        Settings.parse(text)
    assert caught.value.code == "workspace.key"
    params = caught.value.params
    line = 1 if key == "limit" else 2
    assert (params["file"], params["line"], params["key"]) == (CONFIG_NAME, line, key)
    assert hint == (params["nearest"] or params["known"])
    assert "{" not in error_text(caught.value, "vi")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[program]\nlanguage = "fr"', "program.language"),
        ('[program]\nlanguage = ["vi"]', "program.language"),
        ('[program]\ntime_zone = "Asia/Hanoi"', "program.time_zone"),
        ('[program]\ntime_zone = "../../etc/passwd"', "program.time_zone"),
        ("[program]\ntime_zone = 7", "program.time_zone"),
        ("[limits]\nfile_mb = 0", "limits.file_mb"),
        ("[limits]\nfile_mb = true", "limits.file_mb"),
        ('[limits]\nfile_mb = "20"', "limits.file_mb"),
        ("limits = 5\n", "limits"),
        ('[mail]\nserver = ""', "mail.server"),
        ('[imap]\nuser = "vp"', "imap.host"),
        ('[imap]\nhost = "h"', "imap.user"),
        ('[imap]\nhost = "h"\nuser = "u"\nport = 0', "imap.port"),
        ('[smtp]\nhost = "h"\nfrom = "a@b_c.vn"', "smtp.from"),
        ("[[program]]\nlanguage = 5", "program"),
    ],
)
def test_a_wrong_value_is_refused_by_its_key(text: str, key: str) -> None:
    with pytest.raises(UsageError) as caught:
        Settings.parse(text)
    code = "without" if key in ("imap.host", "imap.user") else "value"
    assert (caught.value.code, caught.value.params["key"]) == (f"workspace.{code}", key)
    assert "{" not in error_text(caught.value, "vi")


def test_an_office_writes_from_any_address_it_writes_to() -> None:
    smtp = Settings.parse('[smtp]\nhost = "h"\nfrom = "o\'hara@x.vn"').smtp
    assert smtp and smtp.from_ == "o'hara@x.vn"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("language = vi", "2, cột 12: không đọc được giá trị ở đây. Chữ phải nằm trong dấu nháy"),
        ("language vi", "2, cột 10: thiếu dấu bằng."),
        ('language = "vi', "2, cột 15: dấu nháy mở trên dòng này không được đóng."),
        ('language = "vi" x', "2, cột 17: sau giá trị còn chữ thừa."),
        ('language = "C:\\vi"', "2, cột 17: dấu \\ trong nháy kép có nghĩa riêng."),
        ('language = "vi"\nlanguage = "en"', "3, cột 16: mục này đã có ở trên."),
        ("[program]", "2, cột 9: mục này đã có ở trên."),
        ("[smtp", "2, cột 6: tên mục lớn không được đóng ngoặc."),
        ('language = ["vi"\n', "3, cột 1: ngoặc mở trước chỗ này không được đóng"),
        ("ngôn ngữ = 1", "2, cột 3: thiếu dấu bằng."),
        ("= 3", "2, cột 1: không đọc được tên mục ở đây."),
        (f"a = {'9' * 5000}\nb = 1", "2, cột 1: không đọc được giá trị ở đây."),
    ],
)
def test_text_that_is_no_toml_is_said_with_line_and_remedy(text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        Settings.parse(f"[program]\n{text}\n")
    assert caught.value.code == "workspace.toml"
    assert error_text(caught.value, "vi").startswith(f"{CONFIG_NAME}, dòng {words}")


def test_all_mistakes_are_said_at_once_and_a_misspelt_key_is_not_missing_besides() -> None:
    text = '[limits]\nfile_mb = "x"\n[imap]\nhots = "x"\nuser = "u"\n[mali]\nserver = "s"\n'
    with pytest.raises(UsageError) as caught:
        Settings.parse(text)
    keys = [(error.params["key"], error.params["line"]) for error in caught.value.every]
    assert keys == [("imap.hots", 4), ("mali", 6), ("limits.file_mb", 2)]


MOUNTS = r"""
proc /proc proc rw 0 0
/dev/sda1 / ext4 rw 0 0
//server/chung /mnt/chung cifs rw 0 0
srv:/export /mnt/van\040phong nfs4 rw 0 0
/dev/sdb1 /mnt/chung/usb vfat rw 0 0
me@host: /home/lan/xa fuse.sshfs rw 0 0
broken
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/lan/mlay", None),
        ("/mnt/chung/mlay", "cifs"),
        ("/mnt/chungkhac", None),
        ("/mnt/van phong/mlay", "nfs4"),
        ("/mnt/chung/usb/mlay", None),
        ("/home/lan/xa", "fuse.sshfs"),
        (r"\\server\share\mlay", "UNC"),
        (r"\\?\UNC\server\share\mlay", "UNC"),
        (r"C:\mlay", None),
    ],
)
def test_network_drives_are_told_from_local_ones(path: str, kind: str | None) -> None:
    assert network_kind(path, MOUNTS) == kind


def test_no_workspace_on_a_network_drive_unless_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nsrv:/x {tmp_path} nfs4 rw 0 0\n")
    monkeypatch.setattr(workspace, "MOUNTS", mounts)
    with pytest.raises(UsageError, match="nfs4"):
        Workspace.create(tmp_path / "town")
    assert not (tmp_path / "town").exists()
    Workspace.create(tmp_path / "town", network=True)
