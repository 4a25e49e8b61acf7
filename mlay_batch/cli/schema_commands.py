"""The descriptions of forms, quotas and schemes: schema list, show, lint, export, diff, trial."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from itertools import groupby
from pathlib import Path

import click

from mlay_batch.app.office import open_office
from mlay_batch.app.what_if import run_trial
from mlay_batch.app.workspace import Workspace
from mlay_batch.cli import options, output
from mlay_batch.cli.options import LocalisedCommand, LocalisedGroup, language, option, say
from mlay_batch.cli.output import safe_line, show_json
from mlay_batch.cli.output_impact import show_impact
from mlay_batch.core.files import write_atomically
from mlay_batch.core.period import Period
from mlay_batch.errors import NoWorkspaceError, UsageError
from mlay_batch.schema import Catalogue, Form, load_catalogue
from mlay_batch.schema.catalogue import shipped_folder
from mlay_batch.schema.diff import FormChange, changes, key_title
from mlay_batch.schema.frictionless import package_text
from mlay_batch.schema.indicators import Description
from mlay_batch.schema.overlap import Overlap
from mlay_batch.schema.reference import findings_page, open_gaps, reference


@click.group("schema", cls=LocalisedGroup)
@options.lang_option
def schema() -> None:
    """Look at the descriptions of forms, quotas and schemes."""


def _load_catalogue(workspace: Path | None) -> Catalogue:
    try:
        return load_catalogue(Workspace.find(workspace or Path.cwd()).schemas)
    except NoWorkspaceError:
        return load_catalogue()


@schema.command("list", cls=LocalisedCommand)
@options.json_option
@options.common_options
@click.pass_context
def list_(ctx: click.Context, as_json: bool, workspace: Path | None) -> int:
    """List every description in force."""
    catalogue = _load_catalogue(workspace)
    if as_json:
        names = [[f.form, f.version, f.effective.from_, f.effective.to] for f in catalogue.forms]
        click.echo(json.dumps(names))
    else:
        show_catalogue(catalogue, language(ctx))
    return 0


@schema.command("show", cls=LocalisedCommand)
@click.argument("form")
@option("--version", default=None)
@options.common_options
@click.pass_context
def show_(ctx: click.Context, form: str, version: str | None, workspace: Path | None) -> int:
    """Print the reference page of a form, quota, scheme, or of the program's own findings."""
    click.echo(_reference_page(_load_catalogue(workspace), form, version, language(ctx)))
    return 0


def _reference_page(catalogue: Catalogue, name: str, version: str | None, lang: str) -> str:
    """Return the reference page of `name`, in its newest or the given version.

    A form comes before a quota, scheme or indicator set of the same name. Raises UsageError for an
    unknown name.
    """
    kinds: Mapping[str, Sequence[Description]] = {
        "form": catalogue.forms,
        "quota": catalogue.quotas,
        "scheme": catalogue.schemes,
        "signs": catalogue.indicator_sets,
    }
    matches = [
        description
        for kind, same_kind in kinds.items()
        for description in same_kind
        if getattr(description, kind) == name
    ]
    same_kind = [
        description for description in matches if isinstance(description, type(matches[0]))
    ]
    versions = [
        description
        for description in same_kind
        if version in (None, getattr(description, "version", None))
    ]
    if versions:
        return reference(versions[-1], lang, catalogue.forms)
    if name == "findings" and not matches:
        return findings_page(lang)
    names = ", ".join(f"{f.form} {f.version}" for f in catalogue.forms)
    raise UsageError("usage.form", form=name, known=names)


@schema.command("lint", cls=LocalisedCommand)
@click.argument("paths", nargs=-1, type=options.ExistingPath())
@options.common_options
@click.pass_context
def lint(ctx: click.Context, paths: tuple[Path, ...], workspace: Path | None) -> int:
    """Check YAML descriptions; name file, line, key and the nearest valid key."""
    from mlay_batch.schema.load import lint as lint_files  # start-up: pydantic costs 0.2 s

    in_force = _yaml_files((shipped_folder("schemas"), *_workspace_schemas(workspace)))
    files = _yaml_files(paths) or in_force
    errors, overlaps = lint_files(files, in_force, shipped_folder("schemas"))
    for error in errors:
        output.show_error(error, language(ctx))
    for overlap in overlaps:
        show_overlap(overlap, language(ctx))
    show_lint_result(len(files), len(errors), language(ctx))
    return 1 if errors else 0


@schema.command("export", cls=LocalisedCommand)
@click.argument("form")
@option("--out", type=click.Path(dir_okay=False, path_type=Path), default=None)
@options.common_options
@click.pass_context
def export(ctx: click.Context, form: str, out: Path | None, workspace: Path | None) -> int:
    """Write a form for other programs, as a Frictionless Data Package."""
    descriptor = package_text(find_form(_load_catalogue(workspace), form), language(ctx))
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
@options.common_options
@click.pass_context
def diff(ctx: click.Context, old: str, new: str, as_json: bool, workspace: Path | None) -> int:
    """Show what changed between two versions of a form."""
    catalogue = _load_catalogue(workspace)
    before, after = (find_form(catalogue, name) for name in (old, new))
    differences = changes(before, after, language(ctx))
    show_changes(differences, language(ctx), as_json=as_json)
    return 0


@schema.command("trial", cls=LocalisedCommand)
@click.argument("path", type=options.ExistingPath())
@options.period_option
@options.as_of_option
@options.json_option
@options.common_options
@click.pass_context
def trial(
    ctx: click.Context,
    path: Path,
    period: Period | None,
    as_of: date | None,
    as_json: bool,
    workspace: Path | None,
) -> int:
    """Show the effect of a changed description before it takes effect."""
    office = open_office(Workspace.find(workspace or Path.cwd()))
    with output.progress(language(ctx), "schema.trial.progress") as tick:
        day = as_of or options.today()
        impact = run_trial(office, path, as_of=day, period=period, progress=tick)
    show_impact(impact, office, language(ctx), as_json=as_json)
    return 0


def _workspace_schemas(workspace: Path | None) -> tuple[Path, ...]:
    try:
        return (Workspace.find(workspace or Path.cwd()).schemas,)
    except NoWorkspaceError:
        return ()


def _yaml_files(paths: tuple[Path, ...]) -> list[Path]:
    return [f for p in paths for f in (sorted(p.glob("*.yaml")) if p.is_dir() else [p])]


def show_catalogue(catalogue: Catalogue, lang: str) -> None:
    """List forms, quotas, schemes and indicator sets with the months they are in force."""
    for form in catalogue.forms:
        since = f"{form.effective.from_} – {form.effective.to or '…'}"
        click.echo(f"{form.form} {form.version}  {since}  {form.title.of(lang)}")
    for quota in catalogue.quotas:
        since = f"{quota.effective.from_} – {quota.effective.to or '…'}"
        click.echo(f"{quota.quota}  {since}  {quota.title.of(lang)}")
    for scheme in catalogue.schemes:
        click.echo(f"{scheme.scheme} {scheme.version}  {scheme.title.of(lang)}")
    for indicator_set in catalogue.indicator_sets:
        since = f"{indicator_set.effective.from_} – {indicator_set.effective.to or '…'}"
        click.echo(
            f"{indicator_set.signs} {indicator_set.version}  {since}  "
            f"{indicator_set.title.of(lang)}"
        )


def show_overlap(overlap: Overlap, lang: str) -> None:
    """Print which two files describe the same thing in which months, and which of them applies."""
    key = "schema.lint.overlap" if overlap.last else "schema.lint.open"
    click.echo(
        safe_line(
            say(
                lang,
                key,
                name=overlap.name,
                older=overlap.older,
                newer=overlap.newer,
                first=overlap.first,
                last=overlap.last or "",
            )
        )
    )


def show_lint_result(files: int, error_count: int, lang: str) -> None:
    """Print how many descriptions were checked, and how many are wrong."""
    click.echo(say(lang, "schema.lint.done", files=files, wrong=error_count))


def show_changes(changes: Sequence[FormChange], lang: str, *, as_json: bool) -> None:
    """Print every changed part, and below it the changes."""
    if as_json:
        show_json([asdict(change) for change in changes])
        return
    for (part, path, title, turn), group in groupby(changes, _part_key):
        suffix = "" if turn == "changed" else f": {say(lang, f'diff.{turn}')}"
        click.echo(safe_line(f"{say(lang, f'diff.{part}')} {path} ({open_gaps(title)}){suffix}"))
        for change in group if turn == "changed" else ():
            old, new = (open_gaps(value) or "–" for value in (change.old, change.new))
            click.echo(safe_line(f"    {key_title(change.key, lang)}: {old} → {new}"))
    click.echo(say(lang, "diff.done", count=len(changes)))


def _part_key(change: FormChange) -> tuple[str, str, str, str]:
    return change.part, change.path, change.title, change.turn


def find_form(catalogue: Catalogue, name: str) -> Form:
    """Return the form named ``meeting:2018.1``, ``meeting`` (newest version), or by its YAML file.

    Raises UsageError for an unknown name, SchemaError for a wrong file.
    """
    path = Path(name)
    if path.suffix.lower() in (".yaml", ".yml"):
        return _load_form(path)
    form, _, version = name.partition(":")
    matches = [
        candidate
        for candidate in catalogue.forms
        if candidate.form == form and version in ("", candidate.version)
    ]
    if not matches:
        names = ", ".join(f"{candidate.form}:{candidate.version}" for candidate in catalogue.forms)
        raise UsageError("usage.form", form=name, known=names)
    return max(matches, key=lambda candidate: (candidate.effective.from_, candidate.version))


def _load_form(path: Path) -> Form:
    from mlay_batch.schema.load import load_file  # start-up: pydantic costs 0.2 s

    if not path.is_file():
        raise UsageError("usage.file", path=str(path))
    form = load_file(path, folders=[shipped_folder("schemas")])
    if not isinstance(form, Form):
        raise UsageError("usage.no_form", path=str(path))
    return form
