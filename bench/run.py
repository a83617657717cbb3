"""Setsquare against the parsers' floor and against Checkov, as ratios that are measured in one run.

    python bench/run.py             generated input
    python bench/run.py FOLDER      any folder of Terraform or CloudFormation

The floor is one Python process that reads the files and parses them with tree-sitter. Times are medians of
whole processes, start included; memory is the peak of the largest process. Checkov is installed into a virtual
environment of its own; where that is not possible its rows are left out, with a note.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tree_sitter import Parser

import floor
from client import Client, ServerError
from generate import SMALL, generate

HERE = Path(__file__).parent
CHECKOV_VENV = HERE / ".checkov-venv"
KEYSTROKES = 'x"{}[=]\n# '  # a letter and all that unbalances a text
PLACES = 12  # positions in the file where each of them is typed
FINDINGS = 1  # the exit status of check when there are findings


@dataclass(frozen=True)
class Run:
    """One process: wall time in seconds, peak memory in MiB."""

    seconds: float
    mebibytes: float


@dataclass(frozen=True)
class Row:
    """One line of the table: a measure of ours and what it is compared with, in the same unit."""

    name: str
    ours: float
    other: float
    unit: str
    goal: float | None = None

    def cells(self) -> tuple[str, ...]:
        """Return the line's texts."""
        ratio = self.ours / self.other
        verdict = "" if self.goal is None else f"≤ {self.goal:g}" + (" ✓" if ratio <= self.goal else " ✗")
        return self.name, f"{self.ours:.4g} {self.unit}", f"{self.other:.4g} {self.unit}", f"{ratio:.3g}", verdict


class BenchError(Exception):
    """A program that is measured did not do its work."""


def run(command: Sequence[str], environment: Mapping[str, str], accepted: Sequence[int] = (0,)) -> Run:
    """Run a program to its end and measure it."""
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in accepted:
            errors.seek(0)
            tail = errors.read().decode(errors="replace")[-2000:]
            raise BenchError(f"{' '.join(command)} ended with {process.returncode}\n{tail}")  # noqa: EM102, TRY003
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Run(seconds, usage.ru_maxrss / unit)


def median(runs: Sequence[Run]) -> Run:
    """Return the median time and the median peak."""
    return Run(statistics.median(r.seconds for r in runs), statistics.median(r.mebibytes for r in runs))


def measure_floor(folder: Path, times: int) -> Run:
    """Measure reading and parsing, and nothing else."""
    command = [sys.executable, str(HERE / "floor.py"), str(folder)]
    return median([run(command, {}) for _ in range(times)])


def measure_check(folder: Path, times: int, *, warm: bool = False) -> Run:
    """Measure a full check, with an empty cache each time or with the cache of the run before."""
    command = [sys.executable, "-m", "setsquare", "check", "--format", "json", str(folder)]
    runs = []
    with tempfile.TemporaryDirectory(prefix="setsquare-bench-") as cache:
        if warm:
            run(command, {"XDG_CACHE_HOME": cache}, (0, FINDINGS))
        for number in range(times):
            home = cache if warm else f"{cache}/{number}"
            runs.append(run(command, {"XDG_CACHE_HOME": home}, (0, FINDINGS)))
    return median(runs)


def measure_keystrokes(folder: Path, file: Path) -> tuple[list[float], float]:
    """Measure, in milliseconds: each re-check after one character through the server; a full parse of the file."""
    text = file.read_bytes().decode()
    parser = floor.parser_of(str(file))
    parses = [_timed_parse(parser, text.encode()) for _ in range(9)]
    uri = file.as_uri()
    times = []
    with Client([sys.executable, "-m", "setsquare", "lsp"], folder) as client:
        language = "terraform" if file.suffix == ".tf" else "yaml"
        document = {"uri": uri, "languageId": language, "version": 0, "text": text}
        client.notify("textDocument/didOpen", {"textDocument": document})
        pull = {"textDocument": {"uri": uri}}
        client.request("textDocument/diagnostic", pull)
        for version, change in enumerate(keystrokes(text), start=1):
            start = time.perf_counter()
            changed = {"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]}
            client.notify("textDocument/didChange", changed)
            client.request("textDocument/diagnostic", pull)
            times.append((time.perf_counter() - start) * 1000)
    return times, statistics.median(parses)


def _timed_parse(parser: Parser, text: bytes) -> float:
    start = time.perf_counter()
    parser.parse(text)
    return (time.perf_counter() - start) * 1000


def keystrokes(text: str) -> Iterator[dict[str, object]]:
    """Each character typed at the end of lines spread over the file, and deleted again."""
    lines = text.split("\n")
    for place in range(PLACES):
        line = place * (len(lines) - 1) // PLACES
        column = len(lines[line].encode())
        here = {"line": line, "character": column}
        for character in KEYSTROKES:
            there = {"line": line + 1, "character": 0} if character == "\n" else {"line": line, "character": column + 1}
            yield {"range": {"start": here, "end": here}, "text": character}
            yield {"range": {"start": here, "end": there}, "text": ""}


def checkov() -> str | None:
    """Return Checkov's program, installed into an environment of its own on first use; None where it cannot be."""
    program = CHECKOV_VENV / "bin" / "checkov"
    if program.exists():
        return str(program)
    print("installing Checkov into bench/.checkov-venv ...", file=sys.stderr)
    try:
        subprocess.run([sys.executable, "-m", "venv", str(CHECKOV_VENV)], check=True, stdout=subprocess.DEVNULL)
        pip = [str(CHECKOV_VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "checkov"], check=True, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        shutil.rmtree(CHECKOV_VENV, ignore_errors=True)
        return None
    return str(program)


def measure_checkov(program: str, folder: Path, times: int) -> Run:
    """Measure Checkov on the same files, with nothing downloaded and only its checks of our two languages."""
    frameworks = ["--framework", "terraform", "cloudformation"]
    command = [program, "-d", str(folder), *frameworks, "--output", "json", "--compact", "--skip-download"]
    return median([run(command, {"PYTHONPATH": ""}, (0, 1)) for _ in range(times)])


def engine_rows(folder: Path, times: int) -> list[Row]:
    """Measure against the floor."""
    lowest = measure_floor(folder, times)
    cold = measure_check(folder, times)
    warm = measure_check(folder, times, warm=True)
    return [
        Row("cold check : floor", cold.seconds, lowest.seconds, "s", 3),
        Row("warm check : floor", warm.seconds, lowest.seconds, "s", 0.5),
        Row("memory of a cold check : floor", cold.mebibytes, lowest.mebibytes, "MiB"),
    ]


def keystroke_rows(folder: Path) -> list[Row]:
    """Measure the answer to one keystroke, in the largest file, through the protocol and back."""
    file = max((Path(name) for name in floor.files(str(folder))), key=lambda path: path.stat().st_size)
    times, parse = measure_keystrokes(folder, file)
    slowest = statistics.quantiles(times, n=20)[-1]
    return [
        Row("keystroke, median : full parse", statistics.median(times), parse, "ms", 4),
        Row("keystroke, 95th percentile : full parse", slowest, parse, "ms", 4),
    ]


def checkov_rows(program: str, folder: Path, small: Path, times: int) -> list[Row]:
    """Measure against Checkov: the folder once, a file of three lines as often as the rest."""
    ours, theirs = measure_check(folder, times), measure_checkov(program, folder, 1)
    our_start, their_start = measure_check(small, times), measure_checkov(program, small, times)
    return [
        Row("cold check : Checkov", ours.seconds, theirs.seconds, "s", 0.01),
        Row("three lines, cold : Checkov", our_start.seconds, their_start.seconds, "s", 0.1),
        Row("peak memory : Checkov", ours.mebibytes, theirs.mebibytes, "MiB", 0.25),
    ]


def print_table(rows: Sequence[Row]) -> None:
    """Print the rows as one table in Markdown."""
    head = ("measured", "Setsquare", "compared with", "ratio", "goal")
    lines = [head, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    lines.insert(1, tuple("-" * width for width in widths))
    for line in lines:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="what to measure on; generated input where none is given")
    parser.add_argument("--runs", type=int, default=5, help="runs of which the median is taken (default: 5)")
    parser.add_argument("--no-checkov", action="store_true", help="leave Checkov out")
    options = parser.parse_args()

    notes = []
    with tempfile.TemporaryDirectory(prefix="setsquare-bench-") as temporary:
        folder = options.folder.resolve() if options.folder else generate(Path(temporary, "generated").resolve())
        small = Path(temporary, "small")
        small.mkdir()
        (small / "main.tf").write_text(SMALL, encoding="utf-8")
        count = len(floor.files(str(folder)))
        print(f"{options.folder or 'generated input'}: {count} files, median of {options.runs} runs\n")
        try:
            rows = engine_rows(folder, options.runs)
            try:
                rows += keystroke_rows(folder)
            except ServerError as error:
                notes.append(f"No keystrokes: {error}.")
            program = None if options.no_checkov else checkov()
            if program:
                rows += checkov_rows(program, folder, small, options.runs)
            elif not options.no_checkov:
                notes.append("No comparison with Checkov: it could not be installed.")
        except BenchError as error:
            print(error, file=sys.stderr)
            return 1
        print_table(rows)
    for note in notes:
        print(f"\n{note}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
