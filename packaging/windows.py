"""Builds the zip for Windows, on any system, from an embeddable Python and pinned wheels.

What is unpacked needs no installer, no administrator and no Internet: Python, the packages and a
file to double-click. The same inputs give the same bytes (with one version of zlib).
CONTRIBUTING.md, *Releasing*, has the commands; docs/windows.md says what was tried, and what never
ran on Windows.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.message import Message
from email.parser import BytesParser
from functools import cached_property
from pathlib import Path
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

HERE = Path(__file__).resolve().parent
LOCK = HERE / "windows-wheels.txt"
PYTHON = (3, 13)
PLATFORM = "win_amd64"
EXTRAS = frozenset({"keyring"})  # passwords in the store of Windows: who has the zip has no pip
_VERSION, _SHORT = "{}.{}".format(*PYTHON), "{}{}".format(*PYTHON)
MARKERS = {
    "implementation_name": "cpython",
    "os_name": "nt",
    "platform_machine": "AMD64",
    "platform_python_implementation": "CPython",
    "platform_system": "Windows",
    "python_full_version": f"{_VERSION}.0",
    "python_version": _VERSION,
    "sys_platform": "win32",
}
BASE = "C:\\Users\\nguyen.thi.hong.nhung\\Documents\\Văn phòng Đảng ủy\\"
"""The folder of a clerk with a long name: below it every path must fit."""
LONGEST = 259  # Windows: 260 with the closing zero
# What Python writes on the first run has a path longer by this than the module's.
_COMPILED = len(f"__pycache__/.cpython-{_SHORT}.pyc") - len(".py")
_AMD64 = b"PE\0\0\x64\x86"  # how the header of a program for PLATFORM begins
_LICENCE = re.compile(r"(licen[cs]es?|copying|notice|authors)\b", re.IGNORECASE)
# Of the dependencies: their own tests, and what only compilers and type checkers read.
_UNUSED = re.compile(r"/tests/|\.(pyi|pyx|pxd|h|lib)$")
_FORBIDDEN = re.compile(
    r'[<>:"|?*\\\x00-\x1f]|[. ](/|$)|(^|/)(con|prn|aux|nul|com\d|lpt\d)(\.|/|$)', re.IGNORECASE
)


class BuildError(Exception):
    """Says why no zip is built, in words for the one who releases."""


class Pin(NamedTuple):
    """A line of the lock.

    Attributes:
        file: name of a wheel, which holds name, version and tags.
        sha256: of the wheel.
    """

    file: str
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Pin:
        """Return the pin of a wheel on the disk."""
        return cls(path.name, hashlib.sha256(path.read_bytes()).hexdigest())

    @property
    def line(self) -> str:
        """The line, which pip reads too."""
        name, version, *_ = parse_wheel_filename(self.file)
        return f"{name}=={version} --hash=sha256:{self.sha256}  # {self.file}"


class Wheel:
    """A wheel on the disk.

    Attributes:
        path: the file, under the name that its index gave it.
        name: the distribution, in canonical form.
        version: its version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        name, version, *_ = parse_wheel_filename(path.name)
        self.name, self.version = str(name), str(version)

    @cached_property
    def metadata(self) -> Message:
        """What the wheel says of itself."""
        with ZipFile(self.path) as file:
            (name,) = (n for n in file.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
            return BytesParser().parsebytes(file.read(name), headersonly=True)

    @property
    def licence(self) -> str:
        """The licence's name: an expression, else the old field, else the classifiers."""
        classifiers = (str(value) for value in self.metadata.get_all("Classifier", []))
        names = [text.rpartition(" :: ")[2] for text in classifiers if text.startswith("License")]
        fields = (str(self.metadata.get(key) or "") for key in ("License-Expression", "License"))
        return next((text.splitlines()[0] for text in fields if text), ", ".join(names))

    def requirements(self, extras: Iterable[str]) -> Iterator[Requirement]:
        """Yield what it needs on Windows, with the chosen extras."""
        for text in self.metadata.get_all("Requires-Dist", []):
            requirement = Requirement(str(text))
            marker = requirement.marker
            if not marker or any(marker.evaluate(MARKERS | {"extra": e}) for e in ("", *extras)):
                yield requirement


class Entry(NamedTuple):
    """A file of the zip.

    Attributes:
        data: its content.
        moment: its time, that of the source. Python compiles a module anew when time or size has
            changed: two versions of a module, one unpacked over the other, must not share both.
    """

    data: bytes
    moment: tuple[int, int, int, int, int, int]


def read_lock(text: str) -> list[Pin]:
    """Return the pins of a lock. Raises BuildError for a line that is none."""
    pins = []
    for line in text.splitlines()[1:]:
        match = re.search(r"sha256:([0-9a-f]{64})  # (\S+\.whl)$", line)
        if not match or (pin := Pin(match[2], match[1])).line != line:
            raise BuildError(f"no pin: {line}")
        pins.append(pin)
    return pins


def pinned_wheels(pins: Iterable[Pin], folder: Path) -> dict[str, Wheel]:
    """Return the pinned wheels, which lie in `folder`, by name.

    Raises BuildError for one that is not for the chosen Python on Windows, is missing, or is not
    the file that was pinned.
    """
    wheels = {}
    for pin in pins:
        wheel = Wheel(folder / pin.file)
        if not python_tags() & parse_wheel_filename(pin.file)[3]:
            raise BuildError(f"not for Python {_VERSION} on {PLATFORM}: {pin.file}")
        if not wheel.path.is_file():
            raise BuildError(f"missing in {folder}: {pin.file}")
        if Pin.of(wheel.path) != pin:
            raise BuildError(f"not the file that was pinned (SHA-256): {pin.file}")
        wheels[wheel.name] = wheel
    return wheels


def python_tags() -> frozenset[Tag]:
    """Return the tags of the wheels that the chosen Python takes on Windows."""
    platforms = [PLATFORM]
    pure = compatible_tags(PYTHON, f"cp{_SHORT}", platforms)
    return frozenset((*cpython_tags(PYTHON, platforms=platforms), *pure))


def missing_requirements(own: Wheel, wheels: Mapping[str, Wheel]) -> dict[str, str]:
    """Return what `own` and its dependencies need and `wheels` has not: name → who asks for it."""
    missing: dict[str, str] = {}
    ahead: list[tuple[Wheel, frozenset[str]]] = [(own, EXTRAS)]
    seen = set(ahead)
    while ahead:
        wheel, extras = ahead.pop()
        for requirement in wheel.requirements(sorted(extras)):
            needed = wheels.get(canonicalize_name(requirement.name))
            if needed is None or not requirement.specifier.contains(needed.version):
                missing[requirement.name] = f"{wheel.name} needs {requirement}"
            elif (step := (needed, frozenset(requirement.extras))) not in seen:
                seen.add(step)
                ahead.append(step)
    return missing


def build(own: Wheel, python: Path, wheels: Mapping[str, Wheel], out: Path) -> Path:
    """Write the zip of `own`, the archive `python` and `wheels` into `out`; return its path.

    Raises BuildError when something is missing, or could not be unpacked on Windows.
    """
    for problem in missing_requirements(own, wheels).values():
        raise BuildError(f"not pinned: {problem}")
    folder = f"{own.name}-{own.version}"
    target = out / f"{folder}-{PLATFORM}.zip"
    entries = {f"{folder}/{name}": entry for name, entry in _entries(own, python, wheels)}
    refuse_bad_paths(entries, target.stem)
    out.mkdir(parents=True, exist_ok=True)
    with ZipFile(target, "w") as file:
        for name, entry in sorted(entries.items()):
            info = ZipInfo(name, entry.moment)
            info.create_system = 0  # else that of this machine
            file.writestr(info, entry.data, ZIP_DEFLATED, compresslevel=9)
    return target


def refuse_bad_paths(names: Iterable[str], folder: str) -> None:
    """Raise BuildError for a path that Windows refuses, or cannot tell from another.

    `folder` is the one that Explorer unpacks into, below `BASE`.
    """
    seen: set[str] = set()
    for name in names:
        if _FORBIDDEN.search(name):
            raise BuildError(f"Windows refuses the name: {name}")
        if path_length(name, folder) > LONGEST:
            raise BuildError(f"longer than {LONGEST} characters below {BASE}: {name}")
        if name.casefold() in seen:
            raise BuildError(f"Windows cannot tell it from another file: {name}")
        seen.add(name.casefold())


def path_length(name: str, folder: str) -> int:
    """Return how long a path of the zip becomes, in the units that Windows counts (UTF-16)."""
    path = f"{BASE}{folder}\\{name}"
    return len(path.encode("utf-16-le")) // 2 + (_COMPILED if name.endswith(".py") else 0)


def _entries(own: Wheel, python: Path, wheels: Mapping[str, Wheel]) -> Iterator[tuple[str, Entry]]:
    """Yield the files of the zip by their path below its one folder."""
    with ZipFile(own.path) as file:
        moment = file.infolist()[0].date_time
    for name in ("mlay.bat", "DOC-TOI.txt"):
        yield name, Entry(_windows_text((HERE / name).read_text("utf-8"), name), moment)
    yield from _python_entries(python)
    lines = [f"Python {_VERSION}: PSF-2.0"]
    for wheel in (own, *wheels.values()):
        yield from _wheel_entries(wheel, whole=wheel is own)
        lines.append(f"{wheel.name} {wheel.version}: {wheel.licence}")
    text = "\n".join((*sorted(lines), ""))
    yield "licences/licences.txt", Entry(_windows_text(text, ".txt"), moment)


def _windows_text(text: str, name: str) -> bytes:
    """Return `text` as Notepad shows it rightly; cmd.exe would take the mark for a command."""
    return text.replace("\n", "\r\n").encode("utf-8-sig" if name.endswith(".txt") else "utf-8")


def _python_entries(python: Path) -> Iterator[tuple[str, Entry]]:
    """Yield the files of the embeddable Python, told where the packages are.

    Raises BuildError when it is not one of the chosen version and platform.
    """
    settings = f"python{_SHORT}._pth"
    needed = {"python.exe", "LICENSE.txt", f"python{_SHORT}.zip", settings}
    with ZipFile(python) as file:
        for name in sorted(needed - {*file.namelist()}):
            raise BuildError(f"no embeddable Python {_VERSION}: {python} has no {name}")
        program = file.read("python.exe")
        if not program[int.from_bytes(program[0x3C:0x40], "little") :].startswith(_AMD64):
            raise BuildError(f"not for {PLATFORM}: {python}")
        for info in _files(file):
            entry = Entry(file.read(info), info.date_time)
            if info.filename == settings:
                # Python looks nowhere else then: not in the registry, PYTHONPATH, the user's own
                # packages or the current folder.
                entry = entry._replace(data=f"python{_SHORT}.zip\r\n.\r\npackages\r\n".encode())
            yield f"program/{info.filename}", entry
            if info.filename == "LICENSE.txt":
                yield "licences/python/LICENSE.txt", entry


def _wheel_entries(wheel: Wheel, *, whole: bool) -> Iterator[tuple[str, Entry]]:
    """Yield the files of a wheel; the unused ones too where it is wanted `whole`.

    Raises BuildError when nothing says under which licence it comes.
    """
    has_licence = False
    with ZipFile(wheel.path) as file:
        for info in _files(file):
            top, _, rest = info.filename.partition("/")
            entry = Entry(file.read(info), info.date_time)
            if top.endswith(".dist-info") and _LICENCE.match(rest):
                has_licence = True
                place = top.removesuffix(".dist-info")
                yield f"licences/{place}/{rest.removeprefix('licenses/')}", entry
            # `.data` holds scripts and headers, which pip would put elsewhere.
            elif whole or not (top.endswith(".data") or _UNUSED.search(info.filename)):
                yield f"program/packages/{info.filename}", entry
    if not (has_licence and wheel.licence):
        raise BuildError(f"no licence: {wheel.path.name}")


def _files(file: ZipFile) -> Iterator[ZipInfo]:
    return (info for info in file.infolist() if not info.is_dir())


def fetch(own: Wheel, folder: Path) -> list[Pin]:
    """Fetch into the new `folder` what `own` needs on Windows, as constraints.txt has it.

    One step after the other: pip alone would follow the markers of the machine it runs on.
    """
    folder.mkdir(parents=True)
    options = [
        "--no-deps",
        "--only-binary=:all:",
        f"--platform={PLATFORM}",
        f"--python-version={_VERSION}",
        f"--constraint={HERE.parent / 'constraints.txt'}",
        f"--dest={folder}",
    ]
    wheels: dict[str, Wheel] = {}
    while missing := missing_requirements(own, wheels):
        subprocess.run([sys.executable, "-m", "pip", "download", *options, *missing], check=True)
        wheels = {wheel.name: wheel for wheel in map(Wheel, folder.glob("*.whl"))}
    return [Pin.of(wheels[name].path) for name in sorted(wheels)]


def main(args: Sequence[str]) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("wheel", type=Path, help="the wheel of mlay-batch")
    parser.add_argument("--wheels", type=Path, required=True, help="folder of the pinned wheels")
    parser.add_argument("--out", type=Path, default=Path("dist"), help="folder of the zip")
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--python", type=Path, help=f"python-{_VERSION}.x-embed-amd64.zip")
    task.add_argument("--lock", action="store_true", help="fetch the wheels, pin them anew")
    chosen = parser.parse_args(args)
    own = Wheel(chosen.wheel)
    if chosen.lock:
        head = f"# CPython {_VERSION}, {PLATFORM}: made by packaging/windows.py --lock"
        lines = (head, *(pin.line for pin in fetch(own, chosen.wheels)), "")
        LOCK.write_text("\n".join(lines), encoding="utf-8")
        return 0
    try:
        wheels = pinned_wheels(read_lock(LOCK.read_text("utf-8")), chosen.wheels)
        target = build(own, chosen.python, wheels, chosen.out)
    except (BuildError, BadZipFile, OSError) as error:
        sys.stderr.write(f"windows.py: {error}\n")
        return 1
    sys.stdout.write(f"{target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
