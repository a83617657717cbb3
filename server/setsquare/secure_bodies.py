"""The canonical secure body of a resource that has just been begun: what all fixes together would write into it.

A text with the bare resource alone is analysed and repaired as any other, so nothing here knows what a rule writes.
What only the organisation knows, and its policy does not say, is left open: for a person to fill in, never invented.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from setsquare.documents import Dialect, Format, Overlay, format_of
from setsquare.findings import Analysis, Finding
from setsquare.fixes import plan
from setsquare.model import DialectExpression, Written
from setsquare.policies import Policies
from setsquare.records import record
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.policy import Policy
from setsquare.syntax import hcl
from setsquare.syntax.begun import Begun, begun_at
from setsquare.text import Span
from setsquare.workspace import Unit, Workspace

_END = re.compile(rb"^\}", re.MULTILINE)
_NAME = "setsquareOpen"
_MARK = re.compile(rb'\0|"?(?:local\.|!Ref )setsquareOpen(\d+)"?')


@record
class Open:
    """A place that is a person's to fill in: with the value of a policy parameter, or, without one, with the rest."""

    parameter: str | None = None


@record
class SecureBody:
    """What completes a resource.

    Attributes:
        span: what it replaces, on one line.
        pieces: text, and places to fill in.
        resource: its type.
        rules: the ids of the rules that it satisfies.

    """

    span: Span
    pieces: tuple[bytes | Open, ...]
    resource: str
    rules: tuple[str, ...]


def secure_body(  # noqa: PLR0913 - a text, and all that decides what is right in it
    path: str,
    source: bytes,
    offset: int,
    catalogue: Catalogue,
    policy: Policy,
    *,
    texts: Callable[[], Mapping[str, bytes]] = dict,
    fill_in: bool = True,
) -> SecureBody | None:
    """Return what completes the resource at an offset.

    Args:
        path: of the text.
        source: the text, which may be half typed.
        offset: where the person is.
        catalogue: the rules that are in force.
        policy: the policy for the text.
        texts: returns those of the files of its unit: what there is already for the resource is not written again.
        fill_in: leave open what the policy does not say; otherwise what needs it is left out.

    Returns:
        None where no resource has just been begun, or no rule has anything to write into it.

    """
    written = format_of(path, source)
    begun = begun_at(written, source, offset) if written is not None else None
    if written is None or begun is None:
        return None
    beside = b""
    if written is Format.HCL:
        beside = b"\n".join(_mentioning(begun.address.encode(), {**texts(), path: source}))
    analyser = _Analyser(path, written.dialect, catalogue, policy, beside)
    secured, parameters, rules = _secured(begun, analyser, fill_in=fill_in)
    if fill_in and written is Format.HCL:
        secured = _with_rest(secured)
    text = secured[begun.prefix :].rstrip(b"\r\n")
    if not rules or not text.endswith(begun.suffix):
        return None
    text = text[: len(text) - len(begun.suffix)]
    if b"\r\n" in source:
        text = text.replace(b"\n", b"\r\n")
    return SecureBody(begun.span, tuple(_pieces(text, parameters)), begun.type, rules)


def _with_rest(secured: bytes) -> bytes:
    """Mark where a person goes on: at the end of the first block's body."""
    end = _END.search(secured)
    if end is None:
        return secured
    at = end.start()
    is_empty = secured[:at].endswith(b"{\n")
    return secured[:at] + b"  \0\n" + secured[at:] if is_empty else secured[: at - 1] + b"\0" + secured[at - 1 :]


def _pieces(text: bytes, parameters: Sequence[str]) -> Iterator[bytes | Open]:
    at = 0
    for match in _MARK.finditer(text):
        yield text[at : match.start()]
        yield Open(parameters[int(match.group(1))] if match.group(1) is not None else None)
        at = match.end()
    yield text[at:]


def _mentioning(address: bytes, texts: Mapping[str, bytes]) -> Iterator[bytes]:
    """Yield the blocks of a module that speak of a resource."""
    for path, text in sorted(texts.items()):
        if address in text and format_of(path) is Format.HCL:
            spans = [block.span for block in hcl.read(path, text).blocks]
            yield from (text[span.start : span.end] for span in spans if address in text[span.start : span.end])


# --------------------------------------------------------------------- what it becomes


class _Analyser:
    """Analyses one text, with little beside it, under a policy with some parameters left open."""

    def __init__(self, path: str, dialect: Dialect, catalogue: Catalogue, policy: Policy, beside: bytes) -> None:
        self.path = path
        self.dialect = dialect
        self._catalogue = catalogue
        self._policy = policy
        self._beside = beside

    def __call__(self, text: bytes, opened: Sequence[str] = ()) -> Analysis:
        policy = replace(self._policy, parameters={**self._policy.parameters, **dict(self._values(opened))})
        workspace = Workspace((), self._catalogue, _OnePolicy(self._catalogue, policy), Overlay())
        is_module = self.dialect is Dialect.TERRAFORM
        folder = self.path.rpartition("/")[0]
        texts = {self.path: text}
        if self._beside:
            texts[f"{folder}/setsquare-beside.tf"] = self._beside
        if is_module and opened:
            names = "".join(f"  {_NAME}{index} = var.x\n" for index in range(len(opened)))
            texts[f"{folder}/setsquare-open.tf"] = f"locals {{\n{names}}}\n".encode()
        unit = Unit(folder if is_module else self.path, is_module=is_module, paths=tuple(texts))
        return workspace.analyse_texts(unit, texts)

    def _values(self, opened: Sequence[str]) -> Iterable[tuple[str, Written]]:
        prefix = "local." if self.dialect is Dialect.TERRAFORM else "!Ref "
        for index, name in enumerate(opened):
            yield name, DialectExpression(f"{prefix}{_NAME}{index}")


class _OnePolicy(Policies):
    """A policy that holds everywhere."""

    def __init__(self, catalogue: Catalogue, policy: Policy) -> None:
        super().__init__(catalogue, date.min)
        self._one = policy, catalogue

    def of(self, path: str, root: str) -> Policy:  # noqa: ARG002 - as Policies has it
        """Return the policy."""
        return self._one[0]

    def catalogue_of(self, path: str, root: str) -> Catalogue:  # noqa: ARG002 - as Policies has it
        """Return the rules."""
        return self._one[1]


def _secured(begun: Begun, analyse: _Analyser, *, fill_in: bool) -> tuple[bytes, tuple[str, ...], tuple[str, ...]]:
    """Return the bare resource with all that can be fixed in it, the parameters left open, and the rules served."""
    opened: tuple[str, ...] = ()
    findings = _of(begun, analyse(begun.bare))
    while fill_in:
        missing = {finding.fix.parameter for finding in findings if finding.fix.parameter is not None} - {*opened}
        if not missing:
            break
        opened = (*opened, *sorted(missing))
        findings = _of(begun, analyse(begun.bare, opened))
    planned = plan({analyse.path: begun.bare}, [f for f in findings if f.fix.available])
    new = planned.apply({analyse.path: begun.bare}).get(analyse.path, begun.bare)
    # Proven as every fix is: what remains violated was not repaired, and then nothing is offered.
    left = {finding.rule.id for finding in _of(begun, analyse(new, opened))}
    served = {finding.rule.id for finding in planned.served}
    return (begun.bare, (), ()) if served & left else (new, opened, tuple(sorted(served)))


def _of(begun: Begun, analysis: Analysis) -> list[Finding]:
    return [finding for finding in analysis.findings if finding.resource == begun.address]
