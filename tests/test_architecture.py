"""The shape of the program: imports go one way, nothing grows too long.

Levels: 0 errors, core │ 1 schema │ 2 model │ 3 intake, reader, checks, ledger, figures, excel │
4 report, template, mail │ 5 app, demo │ 6 cli. Packages of level 3, and those of level 4, never
import one another.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "mlay_batch"
LEVELS = (
    {"", "errors", "core"},
    {"schema"},
    {"model"},
    {"intake", "reader", "checks", "ledger", "figures", "excel"},
    {"report", "template", "mail"},
    {"app", "demo"},
    {"cli", "__main__"},
)
APART = LEVELS[3:5]
MODULES = sorted((ROOT / PACKAGE).rglob("*.py"))
REASON = re.compile(r"# (?!noqa|type:)")  # a comment for people
Function = ast.FunctionDef | ast.AsyncFunctionDef


def dotted_name(path: Path) -> str:
    """`mlay_batch/figures/quota.py` → ``figures.quota``; a package's __init__ is the package."""
    parts = path.relative_to(ROOT / PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def unit(module: str) -> str:
    """The part of the program a module belongs to: its package, or itself at the root."""
    return module.partition(".")[0]


def level(module: str) -> int:
    numbers = [number for number, units in enumerate(LEVELS) if unit(module) in units]
    assert numbers, f"{PACKAGE}.{module} stands on no level: add it to LEVELS"
    return numbers[0]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def module_imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name of every module of ours that `path` imports, wherever the import stands.

    Names for annotations only (``if TYPE_CHECKING``) are no imports: they never run.
    """
    modules = {dotted_name(other) for other in MODULES}
    top = tree(path)
    unread = {id(inner) for node in top.body if for_types(node) for inner in ast.walk(node)}
    for node in (node for node in ast.walk(top) if id(node) not in unread):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}:{node.lineno}: a relative import"
            deeper = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [
                name if name.removeprefix(f"{PACKAGE}.") in modules else str(node.module)
                for name in deeper
            ]
        for name in names:
            if name == PACKAGE or name.startswith(f"{PACKAGE}."):
                yield node.lineno, name.removeprefix(PACKAGE).lstrip(".")


def for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def length(node: Function) -> int:
    """Lines of the function without its decorators; the docstring counts."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("path", MODULES, ids=dotted_name)
def test_imports_go_down_only(path: Path) -> None:
    module = dotted_name(path)
    wrong = [
        f"line {line}: {other}"
        for line, other in module_imports(path)
        if level(other) > level(module) or apart(module, other)
    ]
    assert not wrong


def apart(module: str, other: str) -> bool:
    units = {unit(module), unit(other)}
    return len(units) > 1 and any(units <= level for level in APART)


@pytest.mark.parametrize("path", MODULES, ids=dotted_name)
def test_an_import_inside_a_function_says_why(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    silent = [
        f"line {node.lineno}: {lines[node.lineno - 1].strip()}"
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and not any(REASON.search(lines[n - 1]) for n in (node.lineno, node.end_lineno or 0))
    ]
    assert not silent


@pytest.mark.parametrize("path", MODULES, ids=dotted_name)
def test_modules_and_functions_stay_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    long = [f"{node.name} ({length(node)} lines)" for node in functions(path) if length(node) > 40]
    assert lines <= 500, f"{dotted_name(path)} has {lines} lines"
    assert not long


def test_most_functions_are_a_few_lines() -> None:
    lengths = [length(node) for path in MODULES for node in functions(path)]
    assert median(lengths) < 10, f"median {median(lengths)} lines of {len(lengths)} functions"


def test_no_ring_of_imports() -> None:
    """Modules import one another in an order: nothing imports itself by a roundabout way."""
    graph = {dotted_name(path): {name for _, name in module_imports(path)} for path in MODULES}
    rings: set[tuple[str, ...]] = set()
    for start in graph:
        ahead = [(start, name) for name in graph[start] - {start}]
        seen: set[str] = set()
        while ahead:
            trail = ahead.pop()
            if trail[-1] == start:
                rings.add(tuple(sorted(trail[:-1])))
            elif trail[-1] not in seen:
                seen.add(trail[-1])
                ahead += [(*trail, name) for name in graph.get(trail[-1], set())]
    assert not rings


def test_every_listed_part_exists() -> None:
    listed = set().union(*LEVELS)
    missing = listed - {unit(dotted_name(path)) for path in MODULES}
    assert not missing
    assert len(listed) == sum(map(len, LEVELS)), "a part stands on two levels"
