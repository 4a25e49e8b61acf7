"""The workspace of an office: its folders and files, and its settings from `mlay.toml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from mlay_batch.app.settings import CONFIG_NAME, CONFIG_TEMPLATE, Settings
from mlay_batch.core.files import write_atomically
from mlay_batch.errors import NoWorkspaceError, UsageError, os_problem
from mlay_batch.ledger import Ledger

MOUNTS = Path("/proc/mounts")
# SQLite's locks do not hold on these: https://www.sqlite.org/howtocorrupt.html, section 2.1
_NETWORK_TYPES = re.compile(r"nfs\d?|cifs|smb\w*|ncpfs|afs|davfs\d?|fuse\.(sshfs|rclone|davfs\w*)")
WORKLIST_STEM = "viec-can-lam"
_WORKLIST_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
_STARTERS = Path(__file__).with_name("starters")
_OCTAL_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Workspace:
    """The folder of an office, with the paths in it.

    Attributes:
        root: the folder, absolute.
        settings: what its mlay.toml says.
    """

    root: Path
    settings: Settings

    @property
    def inbox(self) -> Path:
        """Folder of incoming files."""
        return self.root / "inbox"

    @property
    def office_inbox(self) -> Path:
        """Folder in the inbox for what the office enters on behalf of branches that telephone."""
        return self.inbox / "nhap-thay"

    @property
    def outbox(self) -> Path:
        """Folder of forms and replies to be sent."""
        return self.root / "outbox"

    @property
    def archive(self) -> Path:
        """Folder of the originals of all files received, by hash."""
        return self.root / "archive"

    @property
    def reports(self) -> Path:
        """Folder of the consolidated workbooks, one folder for each period."""
        return self.root / "reports"

    @property
    def schemas(self) -> Path:
        """The office's own forms, quotas and schemes, which replace those shipped."""
        return self.root / "schemas"

    @property
    def texts(self) -> Path:
        """The office's own texts of letters, which replace those shipped; may be missing."""
        return self.root / "texts"

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders every workspace has; what lies in another one comes after it."""
        return (
            self.inbox,
            self.office_inbox,
            self.outbox,
            self.archive,
            self.reports,
            self.schemas,
        )

    @property
    def private_folders(self) -> tuple[Path, ...]:
        """Folders only the owner may read: originals, and drafts of letters."""
        return self.archive, self.outbox

    @property
    def ledger(self) -> Path:
        """Path of the ledger."""
        return self.root / "ledger.sqlite"

    @property
    def register(self) -> Path:
        """Path of the office's register, a workbook."""
        return self.root / "register.xlsx"

    @property
    def worklists(self) -> list[Path]:
        """The clerk's worklists, under whatever name and in whatever format they were saved.

        They come by name, the one that is written over last.
        """
        paths = (p for p in self.root.glob(f"{WORKLIST_STEM}*") if p.is_file())
        worklists = (p for p in paths if p.suffix.lower() in _WORKLIST_SUFFIXES)
        return sorted(worklists, key=lambda p: (p.name == f"{WORKLIST_STEM}.xlsx", p.name))

    @classmethod
    def find(cls, start: Path) -> Workspace:
        """Return the workspace around `start`: the nearest folder upwards with a `mlay.toml`.

        Raises NoWorkspaceError without one, UsageError when `mlay.toml` is wrong.
        """
        folder = find_root(start)
        return cls(folder, Settings.parse(_read_config(folder / CONFIG_NAME)))

    @classmethod
    def create(cls, root: Path, *, network: bool = False) -> Workspace:
        """Make `root` the workspace of an office; return it.

        Existing files stay, a ledger too. `mlay.toml` is written last, so that an interrupted
        attempt can be repeated. Raises UsageError if it is a workspace already, cannot be written,
        or is on a network drive (unless `network`).
        """
        workspace = cls(root.resolve(), Settings.parse(CONFIG_TEMPLATE))
        refuse_workspace(root)
        refuse_network(workspace.root, network)
        try:
            workspace.make_folders()
        except OSError as error:
            raise UsageError(
                "workspace.unwritable", path=str(workspace.root), problem=os_problem(error)
            ) from error
        if not workspace.ledger.exists():
            Ledger.create(workspace.ledger).close()
        workspace.write_starters()
        write_atomically(workspace.root / CONFIG_NAME, CONFIG_TEMPLATE.encode())
        return workspace

    def write_starters(self) -> None:
        """Write the missing files to double-click, which run the month.

        Those of every system: the workspace may be restored on another one.
        """
        for source in _STARTERS.glob("mlay.*"):
            path = self.root / source.name
            if not path.exists():
                text = source.read_text(encoding="utf-8")
                script = text.replace("\n", "\r\n") if path.suffix == ".bat" else text
                write_atomically(path, script.encode(), mode=0o777)

    def make_folders(self) -> None:
        """Create the missing folders, and close the private ones to others."""
        for folder in self.folders:
            folder.mkdir(parents=True, exist_ok=True)
        for folder in self.private_folders:
            folder.chmod(0o700)


def find_root(start: Path) -> Path:
    """Return the nearest folder upwards with a `mlay.toml`. Raises NoWorkspaceError without one."""
    start_folder = start.resolve()
    for folder in (start_folder, *start_folder.parents):
        if (folder / CONFIG_NAME).is_file():
            return folder
    raise NoWorkspaceError("workspace.none", path=str(start_folder))


def refuse_workspace(root: Path) -> None:
    """Raise UsageError ``workspace.exists`` for a folder that is a workspace already."""
    if (root / CONFIG_NAME).exists():
        raise UsageError("workspace.exists", path=str(root.resolve()))


def refuse_network(root: Path, network: bool) -> None:
    """Raise UsageError ``workspace.network`` for a folder on a network drive, unless `network`."""
    kind = network_kind(str(root), _read_mounts())
    if kind and not network:
        raise UsageError("workspace.network", path=str(root), kind=kind)


def _read_config(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # Notepad writes the mark
    except (OSError, UnicodeDecodeError) as error:
        problem = os_problem(error)
        raise UsageError("workspace.unreadable", path=str(path), problem=problem) from error


def _read_mounts() -> str:
    return MOUNTS.read_text("utf-8", "surrogateescape") if MOUNTS.exists() else ""


def network_kind(path: str, mounts: str) -> str | None:
    r"""Return the kind of network drive the absolute `path` is on, None where it is local.

    `mounts` is the content of /proc/mounts, empty without one.

    >>> network_kind(r"\\server\share\mlay", "")
    'UNC'
    >>> network_kind("/van phong/mlay", "/dev/sda / ext4 rw 0 0\nsrv:/x /van\\040phong nfs4 rw 0 0")
    'nfs4'
    """
    if PureWindowsPath(path).drive.startswith("\\\\"):
        return "UNC"
    longest, kind = "", None
    for line in mounts.splitlines():
        _, mount_point, fs_type, *_ = [*line.split(), "", "", ""]
        mount_point = _OCTAL_ESCAPE.sub(lambda match: chr(int(match[1], 8)), mount_point)
        if (
            mount_point
            and Path(path).is_relative_to(mount_point)
            and len(mount_point) >= len(longest)
        ):
            longest, kind = mount_point, fs_type
    return kind if kind and _NETWORK_TYPES.fullmatch(kind) else None
