"""The descriptions of forms, quotas and schemes: schema list, show, lint, export, diff, trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import click

from mlay_batch.app.office import Office, open_office
from mlay_batch.app.what_if import Impact, run_trial
from mlay_batch.cli.help_pages import LocalisedGroup
from mlay_batch.cli.json_output import (
    catalogue_result,
    diff_result,
    lint_result,
    show_result,
    trial_result,
)
from mlay_batch.cli.lines import join_words, show_line, show_text
from mlay_batch.cli.options import argument, lang_option, option, say
from mlay_batch.cli.output import progress, show_error
from mlay_batch.cli.session import Session, as_of_option, command, json_option, period_option
from mlay_batch.cli.value_types import EXISTING_PATH, FILE, FORM
from mlay_batch.core.files import write_atomically
from mlay_batch.core.messages import show, text
from mlay_batch.core.text import clean
from mlay_batch.errors import NoWorkspaceError, UsageError
from mlay_batch.figures.figure_diff import FigureChange, FigureValue
from mlay_batch.model.office_rules import OfficeRules, in_force
from mlay_batch.model.register import Register
from mlay_batch.schema import Catalogue, Form, load_catalogue
from mlay_batch.schema.catalogue import shipped_folder
from mlay_batch.schema.diff import FormChange, key_title
from mlay_batch.schema.diff import changes as form_changes
from mlay_batch.schema.frictionless import package_text
from mlay_batch.schema.indicators import Description, IndicatorSet
from mlay_batch.schema.markdown import open_gaps
from mlay_batch.schema.model import Effective
from mlay_batch.schema.overlap import Overlap, age_key
from mlay_batch.schema.quotas import Quota
from mlay_batch.schema.reference import findings_page, reference
from mlay_batch.schema.schemes import Scheme

_MAX_LINES = 40  # lines of one table


@click.group("schema", cls=LocalisedGroup)
@lang_option
def schema() -> None:
    """Look at the descriptions of forms, quotas and schemes."""


def _own_schemas(session: Session) -> tuple[Path, ...]:
    """Return the folder of the workspace's own descriptions; nothing without a workspace."""
    try:
        return (session.find_workspace().schemas,)
    except NoWorkspaceError:
        return ()


def _load_catalogue(session: Session) -> Catalogue:
    return load_catalogue(*_own_schemas(session))


@command("list", json_option, group=schema)
def list_(session: Session) -> int:
    """List every description in force."""
    catalogue = _load_catalogue(session)
    if session.as_json:
        show_result(session, catalogue_result(catalogue, session.lang))
    else:
        _show_catalogue(catalogue, session.lang)
    return 0


@command("show", argument("form", type=FORM), option("--version", default=None), group=schema)
def show_(session: Session, form: str, version: str | None) -> int:
    """Print the reference page of a form, quota, scheme, or of the program's own findings."""
    catalogue = in_force(_load_catalogue(session), OfficeRules())  # instructions without gaps
    click.echo(_reference_page(catalogue, form, version, session.lang))
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
    versions = [
        description
        for description in matches
        if isinstance(description, type(matches[0]))
        and version in (None, getattr(description, "version", None))
    ]
    lists = {form.version: form for form in catalogue.lists if form.form == name}
    if version in lists:
        return reference(lists[version], lang, catalogue.forms)
    if versions:
        return reference(max(versions, key=age_key), lang, catalogue.forms)
    if name == "findings" and not matches:
        return findings_page(lang)
    names = ", ".join(f"{f.form} {f.version}" for f in catalogue.readable_forms)
    raise UsageError("usage.form", form=name, known=names)


@command("copy", argument("name", type=FORM), json_option, group=schema)
def copy(session: Session, name: str) -> int:
    """Copy a shipped description into the workspace, where it is edited and then holds.

    Raises UsageError ``usage.schema`` for an unknown name, ``usage.schema_there`` where the
    workspace has its own already.
    """
    shipped = {path.stem: path for path in _yaml_files([shipped_folder("schemas")])}
    source = shipped.get(name.removesuffix(".yaml"))
    if source is None:
        raise UsageError("usage.schema", name=name, known=", ".join(shipped))
    target = session.workspace.schemas / source.name
    if target.exists():
        raise UsageError("usage.schema_there", path=str(target))
    write_atomically(target, source.read_bytes())
    if session.as_json:
        show_result(session, {"path": target})
    else:
        show_text(session.lang, "schema.copy.done", path=target)
    return 0


@command("lint", argument("paths", nargs=-1, type=EXISTING_PATH), json_option, group=schema)
def lint(session: Session, paths: tuple[Path, ...]) -> int:
    """Check YAML descriptions; name file, line, key and the nearest valid key."""
    from mlay_batch.schema.load import lint as lint_files  # start-up: pydantic costs 0.1 s

    shipped = shipped_folder("schemas")
    in_force = _yaml_files((shipped, *_own_schemas(session)))
    files = _yaml_files(paths) or in_force
    errors, overlaps = lint_files(files, in_force, shipped)
    if session.as_json:
        show_result(session, lint_result(files, errors, overlaps, session.lang))
        return 1 if errors else 0
    for error in errors:
        show_error(error, session.lang)
    for overlap in overlaps:
        _show_overlap(overlap, session.lang)
    wrong = len({each.params["file"] for error in errors for each in error.every})
    show_text(session.lang, "schema.lint.done", files=len(files), wrong=wrong)
    return 1 if errors else 0


def _yaml_files(paths: Sequence[Path]) -> list[Path]:
    return [f for p in paths for f in (sorted(p.glob("*.yaml")) if p.is_dir() else [p])]


@command(
    "export",
    argument("form"),
    option("--out", type=FILE, default=None),
    group=schema,
)
def export(session: Session, form: str, out: Path | None) -> int:
    """Write a form for other programs, as a Frictionless Data Package."""
    descriptor = package_text(find_form(_load_catalogue(session), form), session.lang)
    if out is None:
        click.echo(descriptor, nl=False)
    else:
        write_atomically(out, descriptor.encode())
        click.echo(str(out))
    return 0


@command("diff", argument("old"), argument("new"), json_option, group=schema)
def diff(session: Session, old: str, new: str) -> int:
    """Show what changed between two versions of a form."""
    catalogue = _load_catalogue(session)
    before, after = (find_form(catalogue, name) for name in (old, new))
    differences = form_changes(before, after, session.lang)
    if session.as_json:
        show_result(session, diff_result(differences))
    else:
        _show_changes(differences, session.lang)
    return 0


@command(
    "trial",
    argument("path", type=EXISTING_PATH),
    period_option,
    as_of_option,
    json_option,
    group=schema,
)
def trial(session: Session, path: Path) -> int:
    """Show the effect of a changed description before it takes effect."""
    office = open_office(session.find_workspace())
    with progress(session.lang, "schema.trial.progress") as tick:
        impact = run_trial(
            office, path, as_of=session.as_of, period=session.chosen_period, progress=tick
        )
    if session.as_json:
        show_result(session, trial_result(impact))
    else:
        _show_impact(session, impact, office)
    return 0


def _show_catalogue(catalogue: Catalogue, lang: str) -> None:
    """List forms, quotas, schemes and indicator sets with the months they hold in."""
    descriptions: list[tuple[str, Form | Quota | Scheme | IndicatorSet]] = [
        *((f"{form.form} {form.version}", form) for form in catalogue.readable_forms),
        *((quota.quota, quota) for quota in catalogue.quotas),
        *((f"{scheme.scheme} {scheme.version}", scheme) for scheme in catalogue.schemes),
        *((f"{signs.signs} {signs.version}", signs) for signs in catalogue.indicator_sets),
    ]
    for name, description in descriptions:
        months = join_words(_months(description.effective))
        show_line(f"{join_words(name)}  {months}  {description.title.of(lang)}")


def _months(effective: Effective) -> str:
    return f"{effective.from_} – {effective.to or '…'}"


def _show_overlap(overlap: Overlap, lang: str) -> None:
    """Print which files could apply in the same months, and which of them does."""
    months = "months" if overlap.last else "open"
    files = [_file_title(file, lang) for file in (overlap.applies, *overlap.others)]
    params = {
        "kind": say(lang, f"schema.kind.{overlap.kind}"),
        "months": say(lang, f"schema.lint.{months}", first=overlap.first, last=overlap.last or ""),
        "keyword": overlap.kind,
        "applies": files[0],
        "others": ", ".join(files[1:]),
    }
    show_line(say(lang, f"schema.lint.{overlap.rule}", **asdict(overlap) | params))


def _file_title(file: str, lang: str) -> str:
    """Return a file as people know it: a shipped one by its name."""
    path = Path(file)
    is_shipped = path.parent == shipped_folder("schemas")
    return say(lang, "schema.lint.shipped", name=path.name) if is_shipped else file


def _show_changes(changes: Sequence[FormChange], lang: str) -> None:
    """Print every changed part, and below it the changes."""
    for (part, path, title, turn), group in groupby(
        changes, attrgetter("part", "path", "title", "turn")
    ):
        suffix = "" if turn == "changed" else f": {say(lang, f'diff.{turn}')}"
        show_line(f"{say(lang, f'diff.{part}')} {path} ({open_gaps(title)}){suffix}")
        for change in group if turn == "changed" else ():
            old, new = (open_gaps(value) or "–" for value in (change.old, change.new))
            show_line(f"{key_title(change.key, lang)}: {old} → {new}", indent="    ")
    show_text(lang, "diff.done", count=len(changes))


def find_form(catalogue: Catalogue, name: str) -> Form:
    """Return the form named ``meeting:2018.1``, ``meeting`` (newest version), or by its YAML file.

    Raises UsageError for an unknown name, SchemaError for a wrong file.
    """
    path = Path(name)
    if path.suffix.lower() in (".yaml", ".yml"):
        return _load_form(path)
    form, _, version = clean(name).casefold().partition(":")
    matches = [
        candidate
        for candidate in catalogue.forms
        if candidate.form == form and version in ("", candidate.version)
    ]
    if not matches:
        names = ", ".join(f"{candidate.form}:{candidate.version}" for candidate in catalogue.forms)
        raise UsageError("usage.form", form=name, known=names)
    return max(matches, key=age_key)


def _load_form(path: Path) -> Form:
    from mlay_batch.schema.load import load_file  # start-up: as above

    if not path.is_file():
        raise UsageError("usage.file", path=str(path))
    form = load_file(path, folders=[shipped_folder("schemas")])
    if not isinstance(form, Form):
        raise UsageError("usage.no_form", path=str(path))
    return form


def _show_impact(session: Session, impact: Impact, office: Office) -> None:
    """Print the changes: returns first, then states and numbers of each period."""
    lang = session.lang
    params = {"names": ", ".join(impact.names), "read": impact.read_count}
    show_line(text("trial", "tried", lang, **params))
    if not impact.count:
        show_line(text("trial", "nothing", lang))
    groups = [(text("trial", "returns", lang), impact.returns)]
    for period, changes in impact.figures.items():
        for key, is_state in (("states", True), ("numbers", False)):
            selected = tuple(change for change in changes if change.is_state is is_state)
            groups.append((text("trial", key, lang, period=period.title(lang)), selected))
    for title, changes in groups:
        if changes:
            _show_changed_figures(title, changes, office, lang)


def _show_changed_figures(
    title: str, changes: Sequence[FigureChange], office: Office, lang: str
) -> None:
    """Print a line for each change: whose, of what, before and after."""
    show_line(title)
    schemes = office.catalogue.schemes
    bands = {band.id: band.title.of(lang) for scheme in schemes for band in scheme.bands}
    for change in changes[:_MAX_LINES]:
        about = (
            text("trial", f"area.{change.area}", lang),
            _name(change.subject, office.register),
            change.about,
        )
        name = text("trial", f"name.{change.name}", lang)
        values = (_value(change, v, bands, lang) for v in (change.before, change.after))
        line = f"{' · '.join(filter(None, about))}: {name} {join_words(' → '.join(values))}"
        show_line(line, indent="  ")
    if len(changes) > _MAX_LINES:
        show_line(text("trial", "more", lang, count=len(changes) - _MAX_LINES))


def _name(code: str, register: Register) -> str:
    if officer := register.officer_by_code.get(code):
        return f"{code} – {officer.name}"
    organisation = register.by_code.get(code)
    return f"{code} – {organisation.name}" if organisation else code


def _value(change: FigureChange, value: FigureValue, bands: Mapping[str, str], lang: str) -> str:
    """Return a value by its title: a finding's severity, a band, a state."""
    if not isinstance(value, str):
        return "–" if value is None else show(value, lang)
    if change.name == "finding":
        code, _, severity = value.partition(" ")
        return f"{code} ({text('report', f'severity.{severity}', lang)})"
    if value in bands:
        return bands[value]
    if change.name == "state":
        return text("figures", f"{change.area}.{value}", lang)
    return text("trial", f"value.{value}", lang)
