"""Describes a form as a Frictionless Data Package, which other programs read.

https://datapackage.org/standard/table-schema/ (version 1). Every section becomes a resource, one
row a record; two leading columns name the branch and period of its return, but in a list, which is
none. A Table Schema cannot state the form's rules; they are listed under ``rules``, which the
standard allows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mlay_batch.schema.model import Field, Form, Rule, Section

_TYPES: Mapping[str, str] = {"date": "date", "integer": "integer", "number": "number"}
_KEY_COLUMNS = (("_branch", "Đơn vị", "Branch"), ("_period", "Kỳ báo cáo", "Period"))

Json = dict[str, Any]


def data_package(form: Form, lang: str = "vi") -> Json:
    """Return the form as a Data Package descriptor.

    The keys of a form are the field ids; titles and help are in `lang`.
    """
    return {
        "profile": "tabular-data-package",
        "name": f"{form.form}-{form.version}",
        "version": form.version,
        "title": form.title.of(lang),
        "description": "; ".join(form.basis),
        "resources": [_resource(form, section, lang) for section in form.sections],
    }


def package_text(form: Form, lang: str = "vi") -> str:
    """Return the descriptor as the text of a ``datapackage.json``."""
    return json.dumps(data_package(form, lang), ensure_ascii=False, indent=2) + "\n"


def table_schema(form: Form, section: Section, lang: str = "vi") -> Json:
    """Return one section as a Table Schema.

    Rows alike are forbidden by a primary key where the section has unique fields, all required: a
    key must not be blank.
    """
    key_columns = () if form.is_list else _KEY_COLUMNS
    keys: list[Json] = [
        {
            "name": name,
            "type": "string",
            "title": vi if lang == "vi" else en,
            "constraints": {"required": True},
        }
        for name, vi, en in key_columns
    ]
    schema: Json = {
        "fields": [*keys, *(_field(form, field, lang) for field in section.fields)],
        "missingValues": [""],
    }
    if section.unique and all(section.field(name).required for name in section.unique):
        schema["primaryKey"] = [*(name for name, _, _ in key_columns), *section.unique]
    return schema


def _resource(form: Form, section: Section, lang: str) -> Json:
    return {
        "profile": "tabular-data-resource",
        "name": f"{form.form}-{section.id}".replace("_", "-"),
        "path": f"{form.form}-{section.id}.csv",
        "title": section.title.of(lang),
        "encoding": "utf-8",
        "schema": table_schema(form, section, lang),
        "rules": [_rule(rule, lang) for rule in section.rules],
    }


def _field(form: Form, field: Field, lang: str) -> Json:
    descriptor: Json = {
        "name": field.id,
        "type": _TYPES.get(field.type, "string"),
        "title": field.title.of(lang),
    }
    if field.type == "mail":
        descriptor["format"] = "email"
    if field.help:
        descriptor["description"] = field.help.of(lang)
    if field.example and field.type not in _TYPES:  # written as people do, not as the standard
        descriptor["example"] = field.example
    if constraints := dict(_constraints(form, field)):
        descriptor["constraints"] = constraints
    return descriptor


def _constraints(form: Form, field: Field) -> Iterator[tuple[str, Any]]:
    if field.required:
        yield "required", True
    for key, bound in (("minimum", field.min), ("maximum", field.max)):
        if bound is not None:
            yield key, int(bound) if field.type == "integer" else bound
    if field.type == "text":
        yield "maxLength", field.max_length
    if field.pattern:
        yield "pattern", field.pattern
    if field.type == "choice":
        yield "enum", [choice.id for choice in form.choices[field.choices or ""]]


def _rule(rule: Rule, lang: str) -> Json:
    return {
        "code": rule.code,
        "check": rule.check,
        **rule.params,
        "severity": rule.severity.value,
        "basis": rule.basis,
        "says": rule.says.of(lang),
        "fix": rule.fix.of(lang),
    }
