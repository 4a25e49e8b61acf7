"""A real Dovecot on loopback: IMAP over TLS, one user, mails in a Maildir. As a plain process."""

from __future__ import annotations

import getpass
import grp
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

USER, PASSWORD = "vanphong", "mật-khẩu-1"
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"

_CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = required
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{folder}/mail/%u
mail_access_groups =
first_valid_uid = 1
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home/%u
}}
"""


def available() -> bool:
    """Return whether this machine has Dovecot, and openssl for its certificate."""
    return all(shutil.which(name, path=_PATH) for name in ("dovecot", "openssl"))


@dataclass(frozen=True)
class Server:
    """A running server. `deliver` puts a mail where a mail server would."""

    folder: Path
    port: int

    @property
    def ca_file(self) -> Path:
        return self.folder / "cert.pem"

    @property
    def maildir(self) -> Path:
        return self.folder / "mail" / USER

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca_file))

    def deliver(self, data: bytes, name: str) -> None:
        new = self.maildir / "new"
        part = new.parent / "tmp" / name
        part.write_bytes(data)
        _hand_over(part)
        part.rename(new / name)

    def mails(self) -> dict[str, bytes]:
        """The mails by file name, flags included: what fetching must not change."""
        paths = (path for name in ("cur", "new") for path in (self.maildir / name).iterdir())
        return {path.name: path.read_bytes() for path in paths}

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")


def _owner() -> tuple[str, str]:
    if os.getuid():
        return getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
    return "nobody", "nogroup"


def _hand_over(*paths: Path) -> None:
    user, group = _owner()
    for path in paths:
        os.chown(path, pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)


def certify(folder: Path, name: str = "127.0.0.1") -> None:
    """Make a certificate of one's own for `name`, an address."""
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-subj", "/CN=mlay test", "-days", "2",
         "-addext", f"subjectAltName=IP:{name}",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True, env={**os.environ, "PATH": _PATH},
    )  # fmt: skip


@contextmanager
def running() -> Iterator[Server]:
    """Run a server in a folder of its own.

    Not in pytest's: that is root's alone, and the mail processes run as nobody; and a socket's
    path may have a hundred letters only.
    """
    with tempfile.TemporaryDirectory(prefix="dovecot-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)
        server = Server(folder, _free_port())
        mail = [folder / "mail", folder / "home", server.maildir]
        mail += [server.maildir / name for name in ("cur", "new", "tmp")]
        for path in mail:
            path.mkdir()
        _hand_over(*mail)
        certify(folder)
        with _start(server):
            yield server


@contextmanager
def _start(server: Server) -> Iterator[None]:
    """Run the process until the block ends."""
    user, group = _owner()
    config = server.folder / "dovecot.conf"
    config.write_text(
        _CONFIG.format(
            folder=server.folder,
            user=user,
            group=group,
            port=server.port,
            password=PASSWORD,
        ),
        encoding="utf-8",
    )
    process = subprocess.Popen(
        [str(shutil.which("dovecot", path=_PATH)), "-c", str(config), "-F"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        _wait(server, process)
        yield
    finally:
        process.terminate()
        process.wait(20)
        if process.stderr:
            process.stderr.close()


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if process.poll() is not None:
            errors = process.stderr.read().decode(errors="replace") if process.stderr else ""
            raise RuntimeError(f"dovecot: {errors}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", server.port)) == 0:
                return
        time.sleep(0.03)
    raise RuntimeError(f"dovecot does not answer: {server.log()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
