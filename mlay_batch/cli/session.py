"""What a command works with: the options many share, the workspace and its office, the clock."""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from mlay_batch.app.office import Office, open_office
from mlay_batch.app.workspace import Workspace
from mlay_batch.cli.help_pages import LocalisedCommand
from mlay_batch.cli.lines import show_line
from mlay_batch.cli.options import (
    Decorator,
    ParsedType,
    combine_options,
    lang_option,
    language,
    option,
    say,
)
from mlay_batch.cli.output import finding_lines
from mlay_batch.cli.value_types import DAY, FOLDER, join_times
from mlay_batch.core.period import Period
from mlay_batch.errors import UsageError


def today(zone: str | None) -> date:
    """Return today's date in `zone`. With `local_time`, the only clock of the program."""
    return datetime.now(ZoneInfo(zone) if zone else None).date()


def local_time(value: datetime | None, zone: str) -> str:
    """Return a time of receipt as local time of `zone`; the present where none is given."""
    time_zone = ZoneInfo(zone)
    time = datetime.now(time_zone) if value is None else value
    time = time.replace(tzinfo=time_zone) if time.tzinfo is None else time.astimezone(time_zone)
    return time.replace(microsecond=0).isoformat()


def user_name() -> str:
    """Return the user's name as the system knows it."""
    return getpass.getuser()


@dataclass
class Session:
    """One call of a command: the shared options, and what they lead to."""

    ctx: click.Context = field(default_factory=click.get_current_context)
    folder: Path | None = None
    """A folder of the workspace; None for the current one."""
    chosen_day: date | None = None
    chosen_period: Period | None = None
    as_json: bool = False
    dry_run: bool = False
    show_all: bool = False
    while_checked: Callable[[], None] = lambda: None
    """Called where the register has to be checked anew, while it is."""

    @property
    def lang(self) -> str:
        """Language of what is printed."""
        return language(self.ctx)

    @cached_property
    def as_of(self) -> date:
        """The chosen day, else today: on the office's clock, without its settings the machine's."""
        if self.chosen_day:
            return self.chosen_day
        try:
            return today(self.workspace.settings.time_zone)
        except UsageError:  # no workspace, or a mistake in its mlay.toml
            return today(None)

    @property
    def period(self) -> Period:
        """The chosen period, else the last complete month."""
        return self.chosen_period or self.last_month

    @property
    def which(self) -> str:
        """What another command has to be told to mean the same period; empty for last month."""
        return f" --period {self.chosen_period.short}" if self.chosen_period else ""

    @property
    def last_month(self) -> Period:
        """The last complete month."""
        return Period.of("month", self.as_of).previous()

    @property
    def holder(self) -> str:
        """User, machine and process, for the lock."""
        return f"{user_name()}@{platform.node()} (pid {os.getpid()})"

    @property
    def actor(self) -> dict[str, str]:
        """Who takes in, closes, reopens or decides, and what the lock shows of him."""
        return {"who": user_name(), "holder": self.holder}

    def find_workspace(self) -> Workspace:
        """Return the given or surrounding workspace."""
        return Workspace.find(self.folder or Path.cwd())

    @cached_property
    def workspace(self) -> Workspace:
        """The given or surrounding workspace, whose language is used from here on."""
        workspace = self.find_workspace()
        if "MLAY_LANG" not in os.environ:
            self.ctx.meta.setdefault("lang", workspace.settings.language)  # `--lang` comes first
        return workspace

    @cached_property
    def office(self) -> Office:
        """The office of `workspace`; the warnings on its register have been printed."""
        office = open_office(self.workspace, self.while_checked)
        form = office.catalogue.register_form
        for line in finding_lines(office.findings, form, self.lang):
            show_line(line, err=True)
        return office

    def local_time(self, office: Office, value: datetime | None = None) -> str:
        """Return a time, or the present, as the office's local time."""
        return local_time(value, office.workspace.settings.time_zone)


class PeriodType(ParsedType):
    """A period as people write it; one without a year is the last that has begun, and is told."""

    def __init__(self, name: str, message: str, kinds: Container[str]) -> None:
        self.kinds = kinds
        super().__init__(name, message, self._period)

    def _period(self, text: str) -> Period:
        period = Period.parse_informal(text)
        if period is None:
            session = click.get_current_context().ensure_object(Session)
            period = Period.parse_informal(text, session.as_of)
            if period:
                show_line(say(session.lang, "period.meant", period=str(period)), err=True)
        if period is None or period.kind not in self.kinds:
            raise ValueError(text)
        return period


PERIOD = PeriodType("period", "usage.period", ("month", "quarter", "half", "year"))
MONTH = PeriodType("month", "usage.month", ("month",))


class SessionCommand(LocalisedCommand):
    """A command of a session; the words of a period or a time need no quotes."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments."""
        return super().parse_args(ctx, join_times(args))


def _session_option(attribute: str, *names: str, **settings: Any) -> Decorator:
    """Declare an option whose value, where given, goes to an attribute of the session."""

    def store(ctx: click.Context, _param: click.Parameter, value: object) -> None:
        if value is not None:
            setattr(ctx.ensure_object(Session), attribute, value)

    return option(*names, callback=store, expose_value=False, **settings)


workspace_option = _session_option(
    "folder",
    "--workspace",
    "-C",
    type=FOLDER,
    is_eager=True,
    envvar="MLAY_WORKSPACE",  # set by the mlay.bat that lies beside a workspace (packaging/)
)
# A period without a year is counted from the day: it is known first.
as_of_option = _session_option("chosen_day", "--as-of", type=DAY, is_eager=True)
period_option = _session_option("chosen_period", "--period", type=PERIOD)
json_option = _session_option("as_json", "--json", "as_json", is_flag=True)
all_option = _session_option("show_all", "--all", "show_all", is_flag=True)
dry_run_option = _session_option("dry_run", "--dry-run", is_flag=True)


def command(
    name: str, *options: Decorator, group: click.Group | None = None, in_workspace: bool = True
) -> Decorator:
    """Declare a command of a session, with its arguments and options in the order of the help.

    `--lang` comes last, before it `--workspace` where the command works in one.
    """
    make = (group.command if group else click.command)(name, cls=SessionCommand)
    shared = (workspace_option, lang_option) if in_workspace else (lang_option,)
    pass_session = click.make_pass_decorator(Session, ensure=True)
    return combine_options(make, *options, *shared, pass_session)
