"""A section's schema as a Python script that checks flat data outside of the program.

The script needs pandas and pandera only. The checks are carried along in source (`rules`,
`outside`), so that inside and outside the same code decides; what a rule asks of other sections
cannot be asked of one table and is named at the head of the script.
"""

from __future__ import annotations

import ast
import inspect
import pprint
from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

from mlay_batch.messages import text
from mlay_batch.schema.checks import CHECKS
from mlay_batch.schema.records import Field, Form, Rule, Section
from mlay_batch.validation import across, outside, registry, rules
from mlay_batch.validation.frames import DTYPES
from mlay_batch.validation.schema import lower_bound, upper_bound

_WIDTH = 96
_HEAD = '''"""{title}

{form} {version}, section {section}. Written by mlay schema export; do not edit.

    python {name} DATA.csv
    python {name} DATA.xlsx SHEET

A column is found by its id or its title; a period is written 2019-11, 2019-Q4 or 2019. What is
wrong is printed as JSON with row, field and code; exit 1 if anything is an error.
{left}"""
'''
_TAIL = """

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], FIELDS, KEYS, SCHEMA, RULES_OF_THE_FORM))
"""


def script_name(form: Form, section: Section) -> str:
    """Return the script's file name: ``meeting-2018.1-meetings.py``."""
    return f"{form.form}-{form.version}-{section.id}.py"


def script(form: Form, section: Section, lang: str = "vi") -> str:
    """Return the script of one section; its messages are in `lang`."""
    held = [rule for rule in section.rules if is_held(rule)]
    head = _HEAD.format(
        title=section.title.of(lang), form=form.form, version=form.version, section=section.id,
        name=script_name(form, section), left="\n".join(_left(section)),
    )  # fmt: skip
    data = {
        "FIELDS": [_spec(form, field) for field in section.fields],
        "KEYS": [_key(name) for name in ("branch", "period")],
        "RULES_OF_THE_FORM": dict(_rules(section, held, lang)),
    }
    parts = [
        head, "from __future__ import annotations\n",
        *(_alone(module) for module in _CARRIED),
        *(f"{name} = {_written(value)}\n" for name, value in data.items()),
        _schema(form, section, held), _TAIL,
    ]  # fmt: skip
    return "\n".join(parts)


def is_held(rule: Rule) -> bool:
    """Whether a rule looks at nothing but its own section."""
    kinds = CHECKS[rule.check]
    others = (
        kinds[key].startswith("other") or (kinds[key] == "given" and "." in "".join(value))
        for key, value in rule.params.items()
    )
    return not any(others)


def _left(section: Section) -> Iterator[str]:
    left = [rule for rule in section.rules if not is_held(rule)]
    if left or section.nil:
        yield "\nNot carried, for they look at other sections of the return:"
        yield from (f"- {rule.code} ({rule.check}): {rule.says.vi}" for rule in left)
    if section.nil:
        yield f"- F12, F13: nothing to report is declared in {section.nil}"


_CARRIED = (registry, across, rules, outside)


def _alone(module: ModuleType) -> str:
    """Return a module's source with everything it imports of ours written out."""
    source = inspect.getsource(module)
    lines = source.splitlines()
    for node in reversed(ast.parse(source).body):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # its docstring
            del lines[node.lineno - 1 : node.end_lineno]
        elif isinstance(node, ast.ImportFrom):
            ours = str(node.module).startswith("mlay_batch")
            if ours or node.module == "__future__":
                here = node.module in [carried.__name__ for carried in _CARRIED]
                made = [_carried(module, alias.name) for alias in node.names if ours and not here]
                lines[node.lineno - 1 : node.end_lineno] = made
    return "\n".join(lines).strip() + "\n\n"


def _carried(module: ModuleType, name: str) -> str:
    found = getattr(module, name)
    if isinstance(found, FunctionType):
        return inspect.getsource(found).rstrip()
    plain = isinstance(found, str | int | float | tuple | dict)
    return f"{name} = {_written(found) if plain else 'Any  # a type of the program'}"


def _written(value: Any) -> str:
    return pprint.pformat(value, width=_WIDTH, sort_dicts=False)


def _spec(form: Form, field: Field) -> Mapping[str, Any]:
    """Return what the script must know of a field to find and type its column."""
    names = [field.id, field.title.vi, field.title.en]
    spec: dict[str, Any] = {
        "id": field.id, "title": field.title.vi, "names": names, "type": field.type,
        "dtype": DTYPES.get(field.type, "string[python]"),
    }  # fmt: skip
    if field.type == "choice":
        spec["choices"] = {
            word: choice.id
            for choice in form.choices[field.choices or ""]
            for word in (choice.id, choice.title.vi, choice.title.en)
        }
    return spec


def _key(name: str) -> Mapping[str, Any]:
    titles = [text("report", f"column.{name}", lang) for lang in ("vi", "en")]
    return {"id": f"_{name}", "names": [f"_{name}", *titles]}


def _rules(
    section: Section, held: list[Rule], lang: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield where each frame check stands, what it looks at, and what it says."""
    for field in section.fields:
        if field.within_period:
            yield "F04", {"field": field.id, "fields": [field.id]}
    if section.unique:
        yield "F08", {"field": section.unique[0], "fields": list(section.unique)}
    for rule in held:
        said = f"{rule.says.of(lang)} {rule.fix.of(lang)}"
        yield rule.code, {
            "field": rule.mark[0], "fields": list(_operands(rule)),
            "whole": rule.check.startswith("rows_at_"), "severity": rule.severity.value,
            "text": said,
        }  # fmt: skip


def _operands(rule: Rule) -> Iterator[str]:
    for key, value in rule.params.items():
        if CHECKS[rule.check][key] in ("field", "fields", "given"):
            yield from [value] if isinstance(value, str) else value


def _schema(form: Form, section: Section, held: list[Rule]) -> str:
    name = f"{form.form}-{form.version}.{section.id}"
    lines = ["SCHEMA = pa.DataFrameSchema(", "    {"]
    lines += [f"        {field.id!r}: {_column(field)}," for field in section.fields]
    lines += ["    },", "    checks=["]
    for field in section.fields:
        if field.type == "date" and field.within_period:
            lines.append(f'        pa.Check.within_period(value={field.id!r}, error="F04"),')
    if section.unique:
        lines.append(f'        pa.Check.unique_rows(fields={[*section.unique]!r}, error="F08"),')
    for rule in held:
        given = ", ".join(f"{key}={value!r}" for key, value in rule.params.items())
        lines.append(f"        pa.Check.{rule.check}({given}, error={rule.code!r}),")
    return "\n".join([*lines, "    ],", f"    name={name!r},", ")"])


def _column(field: Field) -> str:
    checks = ", ".join(_checks(field))
    kind = DTYPES.get(field.type, "string[python]")
    title = field.title.vi
    return f"pa.Column({kind!r}, [{checks}], nullable={not field.required}, title={title!r})"


def _checks(field: Field) -> Iterator[str]:
    if field.type in ("integer", "number"):
        yield f'pa.Check.ge({lower_bound(field)!r}, error="F02")'
        yield f'pa.Check.le({upper_bound(field)!r}, error="F03")'
    if field.type == "text":
        yield f'pa.Check.str_length(max_value={field.max_length}, error="F06")'
        if field.pattern:
            whole = rf"(?:{field.pattern})\Z"
            yield f'pa.Check.str_matches({whole!r}, error="F07")'
