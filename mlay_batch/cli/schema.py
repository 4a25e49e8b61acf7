"""What the forms, quotas and schemes say: schema list, show, lint, export, diff, trial."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import click

from mlay_batch.cli import options, show, show_schema
from mlay_batch.cli.options import LocalisedCommand, LocalisedGroup, language, option
from mlay_batch.errors import NoWorkspaceError, UsageError
from mlay_batch.files import write_atomically
from mlay_batch.period import Period
from mlay_batch.pipeline.interchange import form_named
from mlay_batch.schema import Catalogue, load_catalogue
from mlay_batch.schema.catalogue import shipped
from mlay_batch.schema.codes import findings_page
from mlay_batch.schema.diff import changes
from mlay_batch.schema.export import package_text
from mlay_batch.schema.reference import reference
from mlay_batch.schema.signs import Description
from mlay_batch.workspace import Workspace


@click.group("schema", cls=LocalisedGroup)
@options.lang_option
def schema() -> None:
    """Look at the descriptions of forms, quotas and schemes."""


def _catalogue(workspace: Path | None) -> Catalogue:
    try:
        return load_catalogue(Workspace.find(workspace or Path.cwd()).schemas)
    except NoWorkspaceError:
        return load_catalogue()


@schema.command("list", cls=LocalisedCommand)
@options.json_option
@options.common
@click.pass_context
def list_(ctx: click.Context, as_json: bool, workspace: Path | None) -> int:
    """List every description in force."""
    found = _catalogue(workspace)
    if as_json:
        names = [[f.form, f.version, f.effective.from_, f.effective.to] for f in found.forms]
        click.echo(json.dumps(names))
    else:
        show_schema.show_catalogue(found, language(ctx))
    return 0


@schema.command("show", cls=LocalisedCommand)
@click.argument("form")
@option("--version", default=None)
@options.common
@click.pass_context
def show_(ctx: click.Context, form: str, version: str | None, workspace: Path | None) -> int:
    """Print the reference page of a form, quota, scheme, or of the program's own findings."""
    click.echo(_page(_catalogue(workspace), form, version, language(ctx)))
    return 0


def _page(catalogue: Catalogue, name: str, version: str | None, lang: str) -> str:
    """Return the page of the newest version, or of that one; forms come before what bears a form's
    name. Raises UsageError for none.
    """
    kinds: Mapping[str, Sequence[Description]] = {
        "form": catalogue.forms,
        "quota": catalogue.quotas,
        "scheme": catalogue.schemes,
        "signs": catalogue.signs,
    }
    named = [one for kind, alike in kinds.items() for one in alike if getattr(one, kind) == name]
    alike = [one for one in named if isinstance(one, type(named[0]))]
    wanted = [one for one in alike if version in (None, getattr(one, "version", None))]
    if wanted:
        return reference(wanted[-1], lang, catalogue.forms)
    if name == "findings" and not named:
        return findings_page(lang)
    known = ", ".join(f"{f.form} {f.version}" for f in catalogue.forms)
    raise UsageError("usage.form", form=name, known=known)


@schema.command("lint", cls=LocalisedCommand)
@click.argument("paths", nargs=-1, type=options.ExistingPath())
@options.common
@click.pass_context
def lint(ctx: click.Context, paths: tuple[Path, ...], workspace: Path | None) -> int:
    """Check YAML descriptions; name file, line, key and the nearest valid key."""
    from mlay_batch.schema.lint import lint as linted  # start-up: pydantic costs 0.2 s

    in_force = _files((shipped("schemas"), *_own(workspace)))
    files = _files(paths) or in_force
    errors, overlaps = linted(files, in_force, shipped("schemas"))
    for error in errors:
        show.show_error(error, language(ctx))
    for overlap in overlaps:
        show_schema.show_overlap(overlap, language(ctx))
    show_schema.show_linted(len(files), len(errors), language(ctx))
    return 1 if errors else 0


@schema.command("export", cls=LocalisedCommand)
@click.argument("form")
@option("--out", type=click.Path(dir_okay=False, path_type=Path), default=None)
@options.common
@click.pass_context
def export(ctx: click.Context, form: str, out: Path | None, workspace: Path | None) -> int:
    """Write a form for other programs, as a Frictionless Data Package."""
    descriptor = package_text(form_named(_catalogue(workspace), form), language(ctx))
    if out is None:
        click.echo(descriptor, nl=False)
    else:
        write_atomically(out, descriptor.encode())
        click.echo(str(out))
    return 0


@schema.command("diff", cls=LocalisedCommand)
@click.argument("old")
@click.argument("new")
@options.json_option
@options.common
@click.pass_context
def diff(ctx: click.Context, old: str, new: str, as_json: bool, workspace: Path | None) -> int:
    """Show what changed between two versions of a form."""
    catalogue = _catalogue(workspace)
    before, after = (form_named(catalogue, name) for name in (old, new))
    found = changes(before, after, language(ctx))
    show_schema.show_changes(found, language(ctx), as_json=as_json)
    return 0


@schema.command("trial", cls=LocalisedCommand)
@click.argument("path", type=options.ExistingPath())
@options.period_option
@options.as_of_option
@options.json_option
@options.common
@click.pass_context
def trial(ctx: click.Context, path: Path, period: Period | None, as_of: date | None,
          as_json: bool, workspace: Path | None) -> int:  # fmt: skip
    """Show what a changed description would change, before it is switched on."""
    from mlay_batch.cli.show_trial import show_tried  # start-up: pandera costs a second
    from mlay_batch.pipeline.town import open_town  # with it
    from mlay_batch.pipeline.trial import trial as tried  # with it

    town = open_town(Workspace.find(workspace or Path.cwd()))
    with show.progress(language(ctx), "schema.trial.progress") as tick:
        day = as_of or options.today()
        found = tried(town, path, as_of=day, period=period, progress=tick)
    show_tried(found, town, language(ctx), as_json=as_json)
    return 0


def _own(workspace: Path | None) -> tuple[Path, ...]:
    try:
        return (Workspace.find(workspace or Path.cwd()).schemas,)
    except NoWorkspaceError:
        return ()


def _files(paths: tuple[Path, ...]) -> list[Path]:
    return [f for p in paths for f in (sorted(p.glob("*.yaml")) if p.is_dir() else [p])]
