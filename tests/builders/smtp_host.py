"""A real mail host on loopback, with TLS and a certificate made for the test."""

from __future__ import annotations

import socket
import ssl
from contextlib import contextmanager
from email import message_from_bytes, policy

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Letterbox:
    """Keeps what it is handed; `answer` may refuse, `before` may do anything meanwhile."""

    def __init__(self):
        self.raw, self.to = [], []
        self.refuse, self.before = set(), lambda: None

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self.refuse:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.before()
        self.raw.append(envelope.content)
        self.to.append(tuple(envelope.rcpt_tos))
        return "250 OK"

    @property
    def mails(self):
        return [message_from_bytes(raw, policy=policy.default) for raw in self.raw]


def command_of(user, password):
    """What lets in that one user."""

    def answer(server, session, envelope, mechanism, data):
        good = (data.login, data.password) == (user.encode(), password.encode())
        return AuthResult(success=good, handled=False)

    return answer


@contextmanager
def mail_host(folder, name="localhost", security="tls", **more):
    """Yield a letterbox, its port, and the file of who vouches for its certificate."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    box = Letterbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    tls = {
        "tls": {"ssl_context": context},
        "starttls": {"tls_context": context, "require_starttls": True},
        "none": {},
    }[security]
    controller = Controller(box, hostname="127.0.0.1", port=port, **tls, **more)
    controller.start()
    try:
        yield box, port, ca_file
    finally:
        controller.stop()
