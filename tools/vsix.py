"""Packages the extension for VS Code: one .vsix for each platform, with the server, and a universal one without it.

    vsix.py OUT [TARGET...]    all targets without any

The server's compiled libraries come from the package index as wheels, for every Python that it runs on; none is built
here. The extension itself must have been built before (``npm run build``).
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXTENSION = ROOT / "vscode-extension"
UNIVERSAL = "universal"
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
# What VS Code itself needs at least: glibc 2.28, macOS 12.
_MANYLINUX = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_24", "manylinux2014", "manylinux_2_17", "manylinux_2_5")
PLATFORMS = {
    "linux-x64": tuple(f"{name}_x86_64" for name in (*_MANYLINUX, "manylinux2010", "manylinux1")),
    "linux-arm64": tuple(f"{name}_aarch64" for name in _MANYLINUX),
    "darwin-x64": ("macosx_12_0_x86_64",),
    "darwin-arm64": ("macosx_12_0_arm64",),
    "win32-x64": ("win_amd64",),
}
LARGEST = 15_000_000
"""Bytes that a package may have."""
_SHIPPED = ("dist", "media")
_OF_DEVELOPMENT = ("scripts", "devDependencies", "dependencies", "private")


def main() -> int:
    """Make the packages, print their sizes, and return 1 where one is too large."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"one of {', '.join([*PLATFORMS, UNIVERSAL])}")
    arguments = parser.parse_args()
    targets = arguments.targets or [*PLATFORMS, UNIVERSAL]
    arguments.out.mkdir(parents=True, exist_ok=True)
    too_large = False
    with tempfile.TemporaryDirectory(prefix="setsquare-vsix-") as folder:
        work = Path(folder)
        server = None if targets == [UNIVERSAL] else build_server(work)
        for target in targets:
            made = package(target, server, work / target, arguments.out.resolve())
            size = made.stat().st_size
            too_large |= size > LARGEST
            print(f"{made.name:<40} {size / 1e6:6.2f} MB", flush=True)
    if too_large:
        print(f"a package must not be larger than {LARGEST / 1e6:.0f} MB", file=sys.stderr)
    return int(too_large)


def build_server(work: Path) -> Path:
    """Return a wheel of the server, made with what is installed for development."""
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(work), str(ROOT))
    (wheel,) = work.glob("setsquare-*.whl")
    return wheel


def package(target: str, server: Path | None, stage: Path, out: Path) -> Path:
    """Make the package of one target and return its file."""
    stage.mkdir()
    for name in _SHIPPED:
        shutil.copytree(EXTENSION / name, stage / name)
    shutil.copy(EXTENSION / "README.md", stage)
    for name in ("LICENSE", "NOTICE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, stage)
    described = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    for name in _OF_DEVELOPMENT:
        described.pop(name)
    (stage / "package.json").write_text(json.dumps(described, indent=2, ensure_ascii=False), encoding="utf-8")
    named = [] if target == UNIVERSAL else ["--target", target]
    if server is not None and target != UNIVERSAL:
        add_server(target, server, stage)
    file = out / f"setsquare-{target}-{described['version']}.vsix"
    vsce = EXTENSION / "node_modules" / ".bin" / "vsce"
    silent = ("--no-dependencies", "--allow-missing-repository", "--no-rewrite-relative-links", "--skip-license")
    _run(str(vsce), "package", *silent, *named, "--out", str(file), folder=stage)
    return file


def add_server(target: str, server: Path, stage: Path) -> None:
    """Add the server and its libraries, for each Python what only that one can use."""
    bundled = stage / "bundled"
    bundled.mkdir()
    shutil.copy(EXTENSION / "server" / "run.py", bundled)
    names: set[frozenset[str]] = set()
    unpacked: set[str] = set()
    for version in VERSIONS:
        wheels = [*download(target, version, server, stage.with_name(f"{target}-{version}"))]
        names.add(frozenset(wheel.name.split("-")[0] for wheel in wheels))
        for wheel in wheels:
            if wheel.name not in unpacked:
                unpacked.add(wheel.name)
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(bundled / "libraries" / _folder(wheel.name, version))
    if len(names) > 1:
        message = f"{target}: not every Python has the same libraries: {sorted(map(sorted, names))}"
        raise SystemExit(message)


def download(target: str, version: str, server: Path, folder: Path) -> Iterable[Path]:
    """Return the wheels of the server and of all that it needs, for one platform and Python."""
    _run(sys.executable, "-m", "pip", "download", *_asked(target, version), "--dest", str(folder), str(server))
    return sorted(folder.glob("*.whl"))


def _asked(target: str, version: str) -> Iterator[str]:
    yield from ("--quiet", "--disable-pip-version-check", "--only-binary", ":all:")
    yield from ("--implementation", "cp", "--python-version", version)
    for abi in (f"cp{version.replace('.', '')}", "abi3", "none"):
        yield from ("--abi", abi)
    for platform in PLATFORMS[target]:
        yield from ("--platform", platform)


def _folder(wheel: str, version: str) -> str:
    """Return where a wheel belongs: a stable ABI, or none, serves every Python."""
    abi = wheel.removesuffix(".whl").split("-")[-2]
    return "common" if abi in ("abi3", "none") else f"cp{version.replace('.', '')}"


def _run(*command: str, folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)  # noqa: S603 - our own tools
    if done.returncode != 0:
        message = f"{' '.join(command[:4])} failed:\n{done.stdout}{done.stderr}"
        raise SystemExit(message)


if __name__ == "__main__":
    sys.exit(main())
