"""The zip for Windows, built from stand-ins; its pinned wheels; what the program asks of Windows.

None of it runs on Windows: docs/windows.md says what was tried, and how.
"""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from functools import cached_property
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest
import windows
from packaging.utils import parse_wheel_filename

from mlay_batch.core import processes

ROOT = Path(__file__).resolve().parent.parent
PINS = windows.read_lock(windows.LOCK.read_text(encoding="utf-8"))
PINNED = {str(parse_wheel_filename(pin.file)[0]): pin for pin in PINS}
TAG = "cp313-cp313-win_amd64"
TOP = "mlay-batch-9.1"
PACKAGES = f"{TOP}/program/packages"


# The pinned wheels


def test_the_library_wins_over_the_folder_of_its_name() -> None:
    code = "import packaging.utils; print(packaging.utils.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == inspect.getfile(parse_wheel_filename)


@pytest.mark.parametrize("pin", PINS, ids=lambda pin: pin.file)
def test_a_pinned_wheel_fits_and_has_the_version_of_the_constraints(pin: windows.Pin) -> None:
    assert parse_wheel_filename(pin.file)[3] & windows.python_tags()
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    versions = {
        windows.canonicalize_name(name): v for name, _, v in (x.partition("==") for x in lines)
    }
    name, version, *_ = parse_wheel_filename(pin.file)
    assert versions[name] == str(version)


# An extra that the tests do without, and what it needs.
NOT_HERE = {
    *("jaraco-classes", "jaraco-context", "jaraco-functools", "keyring", "more-itertools"),
    "pywin32-ctypes",
}


class Installed(windows.Wheel):
    """A distribution as it is installed here, in place of its wheel for Windows."""

    def __init__(self, name: str) -> None:
        self.name, self.version = name, str(parse_wheel_filename(PINNED[name].file)[1])

    @cached_property
    def metadata(self) -> Message:
        try:
            return metadata.metadata(self.name)
        except metadata.PackageNotFoundError:
            assert self.name in NOT_HERE
            return Message()


class Own(windows.Wheel):
    """The wheel of this project, as far as it is described."""

    def __init__(self) -> None:
        self.name, self.version = "mlay-batch", "0"

    @cached_property
    def metadata(self) -> Message:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        message = Message()
        for requirement in project["dependencies"]:
            message["Requires-Dist"] = requirement
        for extra, requirements in project["optional-dependencies"].items():
            for requirement in requirements:
                message["Requires-Dist"] = f"{requirement}; extra == '{extra}'"
        return message


def test_just_what_the_program_needs_on_windows_is_pinned() -> None:
    wheels = {name: Installed(name) for name in PINNED}
    assert windows.missing_requirements(Own(), wheels) == {}
    superfluous = [
        name
        for name in wheels.keys() - (NOT_HERE - windows.EXTRAS)
        if not windows.missing_requirements(Own(), {k: v for k, v in wheels.items() if k != name})
    ]
    assert superfluous == []
    assert wheels.keys() >= windows.EXTRAS  # passwords: who has the zip cannot install more


# What the program asks of Windows

# Not in Python for Windows, or not in its embeddable archive.
ABSENT_MODULES = {
    *("curses", "crypt", "ensurepip", "fcntl", "grp", "idlelib", "nis", "posix", "pty", "pwd"),
    *("readline", "resource", "spwd", "syslog", "termios", "tkinter", "tty", "turtle", "venv"),
}
ABSENT_NAMES = re.compile(
    r"os\.(fork\w*|get[eu]?[ug]id|getloadavg|killpg|l?chown|mkfifo|nice|O_(CLOEXEC|DIRECTORY|"
    r"NOFOLLOW|NONBLOCK|SYNC)|posix_\w+|sched_\w+|set[eu]?[ug]id|setsid|statvfs|sysconf|uname|"
    r"wait\w*|W[A-Z]\w+)|signal\.(SIG(ALRM|CHLD|CONT|HUP|KILL|PIPE|QUIT|STOP|TSTP|USR\d|XCPU)|"
    r"alarm|pause|pthread_\w+|setitimer|sigwait)|time\.(tzset|clock_[gs]ettime)|socket\.AF_UNIX"
)
EXTRAS = {"dask", "distributed"}  # what the zip leaves out
GUARDED = {("core/processes.py", "resource")}  # a test below runs it without


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    """The program's modules by their path in it."""
    package = ROOT / "mlay_batch"
    return {
        path.relative_to(package).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in package.rglob("*.py")
    }


def imported_names(tree: ast.Module) -> Iterator[str]:
    """Yield the top-level names that a module imports, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]


def test_every_import_is_there_on_windows(trees: dict[str, ast.Module]) -> None:
    providers = metadata.packages_distributions()
    wrong = {}
    for place, tree in trees.items():
        for name in imported_names(tree):
            pinned = {windows.canonicalize_name(each) for each in providers.get(name, [name])}
            is_there = name in sys.stdlib_module_names - ABSENT_MODULES or pinned & {*PINNED}
            if not (is_there or name in {"mlay_batch", *EXTRAS} or (place, name) in GUARDED):
                wrong[place] = name
    assert wrong == {}


def test_no_name_is_used_that_windows_has_not(trees: dict[str, ast.Module]) -> None:
    uses = [
        f"{place}:{node.lineno} {ast.unparse(node)}"
        for place, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and ABSENT_NAMES.fullmatch(f"{node.value.id}.{node.attr}")
    ]
    assert uses == []


def test_limits_of_memory_ask_for_nothing_that_windows_has_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "resource", None)
    processes.limit_memory(100)


# Imports every module of the program where only the pinned distributions can be imported.
IMPORT_ALL = """
import importlib, pkgutil, sys
import mlay_batch
absent = set(sys.argv[1].split())
class Absent:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Absent)
for module in pkgutil.walk_packages(mlay_batch.__path__, "mlay_batch."):
    if module.name != "mlay_batch.__main__":
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            print(module.name, error.name)
"""


def test_nothing_but_the_pinned_wheels_is_imported() -> None:
    absent = {
        name
        for name, distributions in metadata.packages_distributions().items()
        if not {windows.canonicalize_name(each) for each in distributions} & {*PINNED, "mlay-batch"}
    }
    assert {"distributed", "pytest"} <= absent
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, " ".join(absent)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["mlay_batch.reader.dask_backend dask"]


# The zip


X86, AMD64, ARM64 = 0x14C, 0x8664, 0xAA64


def make_program(machine: int) -> bytes:
    """The beginning of a program for Windows, as far as it says for which processor it is."""
    return b"MZ".ljust(0x3C, b"\0") + b"\x40\0\0\0PE\0\0" + machine.to_bytes(2, "little")


def make_zip(path: Path, files: dict[str, bytes | str], day: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(path, "w") as file:
        for name, data in files.items():
            file.writestr(ZipInfo(name, (2019, 11, day, 8, 0, 0)), data)
    return path


def make_wheel(
    path: Path, *headers: str, files: dict[str, bytes | str] | None = None, day: int = 1
) -> Path:
    """A wheel with a licence, and whatever its metadata shall say."""
    name, version, *_ = path.name.split("-")
    info = f"{name}-{version}.dist-info"
    lines = "\n".join(("Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *headers))
    licensed: dict[str, bytes | str] = {
        f"{info}/METADATA": f"{lines}\n\ntext",
        f"{info}/licenses/LICENSE": f"licence of {name}",
    }
    return make_zip(path, {f"{name}/__init__.py": ""} | licensed | (files or {}), day)


@dataclass
class Bench:
    """The inputs of a zip in a folder of their own, which a test may spoil."""

    root: Path

    def __post_init__(self) -> None:
        self.python = self.root / "python-3.13.9-embed-amd64.zip"
        self.embed(AMD64)
        self.own = make_wheel(
            self.root / "mlay_batch-9.1-py3-none-any.whl",
            "License-Expression: MIT",
            "Requires-Dist: quick[fast]>=2",
            "Requires-Dist: uvloop; sys_platform == 'linux' or extra == 'cluster'",
            files={"mlay_batch/tests/sample.pyi": "", "mlay_batch/Mẫu.xlsx": "PK"},
            day=5,
        )
        self.quick = make_wheel(
            self.wheels / f"quick-2.0-{TAG}.whl",
            "Classifier: License :: OSI Approved :: BSD License",
            "Requires-Dist: Slow_Path; extra == 'fast' and platform_system == 'Windows'",
            "Requires-Dist: never; extra == 'other'",
            files={
                "quick/core.cp313-win_amd64.pyd": b"MZ",
                "quick/core.pyi": "",
                "quick/tests/test_core.py": "",
                "quick-2.0.data/scripts/quick.py": "",
            },
        )
        self.slow = make_wheel(self.wheels / "slow_path-1.0-py3-none-any.whl", "License: MIT\n  so")
        self.lock()

    @property
    def wheels(self) -> Path:
        return self.root / "wheels"

    def embed(self, machine: int) -> None:
        """Put an embeddable Python for that processor there."""
        files: dict[str, bytes | str] = {
            "python.exe": make_program(machine),
            "python313.zip": b"PK",
            "python313._pth": "python313.zip\r\n.\r\n#import site\r\n",
            "LICENSE.txt": "PSF",
        }
        make_zip(self.python, files)

    def lock(self) -> None:
        pins = (windows.Pin.of(path).line for path in sorted(self.wheels.iterdir()))
        windows.LOCK.write_text("\n".join(("# head", *pins, "")), encoding="utf-8")

    def build(self, out: str = "out") -> Path:
        args = ["--wheels", str(self.wheels), "--out", str(self.root / out)]
        assert windows.main([str(self.own), "--python", str(self.python), *args]) == 0
        return self.root / out / "mlay-batch-9.1-win_amd64.zip"

    def refusal(self, capsys: pytest.CaptureFixture[str]) -> str:
        args = ["--wheels", str(self.wheels), "--out", str(self.root / "out")]
        assert windows.main([str(self.own), "--python", str(self.python), *args]) == 1
        assert not (self.root / "out").exists()
        return capsys.readouterr().err


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(windows, "LOCK", tmp_path / "lock.txt")
    return Bench(tmp_path)


def test_one_folder_holds_program_licences_and_the_file_to_click(bench: Bench) -> None:
    with ZipFile(bench.build()) as file:
        names = file.namelist()
        assert file.testzip() is None
    assert names == sorted(
        [
            f"{TOP}/DOC-TOI.txt",
            f"{TOP}/licences/licences.txt",
            f"{TOP}/licences/mlay_batch-9.1/LICENSE",
            f"{TOP}/licences/python/LICENSE.txt",
            f"{TOP}/licences/quick-2.0/LICENSE",
            f"{TOP}/licences/slow_path-1.0/LICENSE",
            f"{TOP}/mlay.bat",
            f"{TOP}/program/LICENSE.txt",
            f"{PACKAGES}/mlay_batch-9.1.dist-info/METADATA",
            f"{PACKAGES}/mlay_batch/__init__.py",
            f"{PACKAGES}/mlay_batch/tests/sample.pyi",
            f"{PACKAGES}/mlay_batch/Mẫu.xlsx",
            f"{PACKAGES}/quick-2.0.dist-info/METADATA",
            f"{PACKAGES}/quick/__init__.py",
            f"{PACKAGES}/quick/core.cp313-win_amd64.pyd",
            f"{PACKAGES}/slow_path-1.0.dist-info/METADATA",
            f"{PACKAGES}/slow_path/__init__.py",
            f"{TOP}/program/python.exe",
            f"{TOP}/program/python313._pth",
            f"{TOP}/program/python313.zip",
        ]
    )


def test_the_same_inputs_give_the_same_bytes(bench: Bench) -> None:
    first = bench.build("first").read_bytes()
    bench.quick.touch()
    assert bench.build("second").read_bytes() == first


def test_a_file_has_the_time_of_its_source(bench: Bench) -> None:
    with ZipFile(bench.build()) as file:
        days = {info.filename: info.date_time[2] for info in file.infolist()}
        assert {info.create_system for info in file.infolist()} == {0}  # not this machine
    assert days[f"{PACKAGES}/mlay_batch/__init__.py"] == days[f"{TOP}/mlay.bat"] == 5
    assert days[f"{PACKAGES}/quick/__init__.py"] == 1


def test_python_finds_its_packages_and_nothing_else(bench: Bench) -> None:
    with ZipFile(bench.build()) as file:
        settings = file.read(f"{TOP}/program/python313._pth")
    assert settings == b"python313.zip\r\n.\r\npackages\r\n"


def test_notepad_shows_what_is_to_be_read(bench: Bench) -> None:
    with ZipFile(bench.build()) as file:
        texts = [file.read(f"{TOP}/{name}") for name in ("DOC-TOI.txt", "licences/licences.txt")]
    for text in texts:
        assert text.startswith(b"\xef\xbb\xbf")
        assert text.count(b"\n") == text.count(b"\r\n") == len(text.splitlines())
    assert texts[1].decode("utf-8-sig").splitlines() == [
        "Python 3.13: PSF-2.0",
        "mlay-batch 9.1: MIT",
        "quick 2.0: BSD License",
        "slow-path 1.0: MIT",
    ]


def test_cmd_reads_the_file_to_click_rightly(bench: Bench) -> None:
    """After words in UTF-8 nothing is read; nothing is called that would be read twice."""
    with ZipFile(bench.build()) as file:
        data = file.read(f"{TOP}/mlay.bat")
    assert data.count(b"\n") == data.count(b"\r\n")
    lines = data.decode().splitlines()
    assert lines[0] == "@echo off"
    assert [number for number, line in enumerate(lines, 1) if not line.isascii()] == [len(lines)]
    assert lines[-1].endswith(" & exit /b 3")
    assert not any(line.startswith("call ") for line in lines)
    assert [line for line in lines if "-m mlay_batch" in line] == [
        '"%PYTHON%" -X utf8 -m mlay_batch init "%OFFICE%"',
        '"%PYTHON%" -X utf8 -m mlay_batch %*',
    ]
    month = 'if exist "%OFFICE%\\mlay.toml" "%OFFICE%\\mlay.bat"'
    assert lines.index('if not "%~1"=="" goto typed') < lines.index(month) < lines.index(":typed")
    # relative: it holds in the root of a drive too, and for whatever name the folder goes by
    office = 'if exist "van-phong\\mlay.toml" set "MLAY_WORKSPACE=van-phong"'
    assert lines[lines.index(":typed") + 2] == office


def test_the_file_to_click_finds_its_program_anywhere_and_hands_on_its_exit_code() -> None:
    lines = [
        line
        for line in (windows.HERE / "mlay.bat").read_text("utf-8").splitlines()
        if not line.startswith("rem ")
    ]
    assert lines[1] == "setlocal EnableExtensions DisableDelayedExpansion"  # a ! stays in a path
    assert lines[2:5] == [
        'set "PYTHON=%~dp0program\\python.exe"',
        'set "OFFICE=%~dp0van-phong"',
        'if not exist "%PYTHON%" goto missing',
    ]
    call = lines.index('"%PYTHON%" -X utf8 -m mlay_batch init "%OFFICE%"')
    assert lines[call + 1 : call + 5] == [
        'set "CODE=%ERRORLEVEL%"',
        'if exist "%OFFICE%\\mlay.toml" start "" "%OFFICE%\\register.xlsx"',
        "pause",
        "exit /b %CODE%",
    ]
    assert lines[lines.index('"%PYTHON%" -X utf8 -m mlay_batch %*') + 1] == "exit /b %ERRORLEVEL%"


@pytest.mark.parametrize("name", ["nul", "Con.txt", "a.", "b ", "c /d", "x:y", "a?b", "com1.gz"])
def test_names_that_windows_refuses(name: str) -> None:
    with pytest.raises(windows.BuildError, match="refuses"):
        windows.refuse_bad_paths([f"program/{name}"], "folder")


def spoil_hash(bench: Bench) -> None:
    make_wheel(bench.quick, "License: MIT", day=2)


def spoil_platform(bench: Bench) -> None:
    bench.quick.rename(bench.wheels / "quick-2.0-cp313-cp313-manylinux_2_28_x86_64.whl")
    bench.lock()


def spoil_requirement(bench: Bench) -> None:
    bench.slow.unlink()
    bench.lock()


def spoil_version(bench: Bench) -> None:
    make_wheel(bench.own, "License: MIT", "Requires-Dist: quick>=3")


def spoil_licence(bench: Bench) -> None:
    make_wheel(bench.slow)
    bench.lock()


def spoil_python(bench: Bench) -> None:
    make_zip(bench.python, {"python.exe": "", "python312._pth": "", "LICENSE.txt": ""})


def spoil_name(bench: Bench) -> None:
    make_wheel(bench.own, "License: MIT", files={"mlay_batch/aux.py": ""})


def spoil_case(bench: Bench) -> None:
    make_wheel(bench.own, "License: MIT", files={"mlay_batch/a.py": "", "mlay_batch/A.py": ""})


def spoil_length(bench: Bench) -> None:
    make_wheel(bench.own, "License: MIT", files={f"mlay_batch/{'ế' * 110}.py": ""})


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_hash, f"not the file that was pinned (SHA-256): quick-2.0-{TAG}.whl"),
        (spoil_platform, "not for Python 3.13 on win_amd64: quick-2.0-cp313-cp313-manylinux"),
        (lambda bench: bench.quick.unlink(), f"wheels: quick-2.0-{TAG}.whl"),
        (spoil_requirement, "not pinned: quick needs Slow_Path"),
        (spoil_version, "not pinned: mlay-batch needs quick>=3"),
        (spoil_licence, "no licence: slow_path-1.0"),
        (spoil_python, "has no python313._pth"),
        (lambda bench: bench.embed(X86), "not for win_amd64: "),
        (lambda bench: bench.embed(ARM64), "not for win_amd64: "),
        (lambda bench: bench.python.write_bytes(b"<html>"), "File is not a zip file"),
        (lambda bench: bench.python.unlink(), "No such file"),
        (spoil_name, "Windows refuses the name: mlay-batch-9.1/program/packages/mlay_batch/aux.py"),
        (spoil_case, "cannot tell it from another file"),
        (spoil_length, "longer than 259 characters"),
        (lambda bench: windows.LOCK.write_text("# head\nquick==2.0\n"), "no pin: quick==2.0"),
    ],
)
def test_what_would_not_run_is_not_built(
    bench: Bench, capsys: pytest.CaptureFixture[str], spoil, words: str
) -> None:
    spoil(bench)
    assert words in bench.refusal(capsys)


@pytest.mark.parametrize(("letters", "fits"), [(104, True), (105, False)])
def test_the_longest_path_is_that_of_what_python_compiles(letters: int, fits: bool) -> None:
    name = f"{PACKAGES}/mlay_batch/{'ế' * letters}.py"
    compiled = name.replace("mlay_batch/", "mlay_batch/__pycache__/")[:-3] + ".cpython-313.pyc"
    length = windows.path_length(name, "mlay-batch-9.1-win_amd64")
    assert length == len(windows.BASE) + len("mlay-batch-9.1-win_amd64/") + len(compiled)
    assert (length <= windows.LONGEST) is fits
