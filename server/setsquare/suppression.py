"""Which findings are set aside: by a comment, by a template's metadata, or by an exception of the policy."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from setsquare.context import Context
from setsquare.data import member
from setsquare.documents import format_of
from setsquare.findings import Problem
from setsquare.model import Expression, ListExpression, Literal, Place, Resource
from setsquare.records import record
from setsquare.resolve.cloudformation import TemplateScope
from setsquare.resolve.terraform import TerraformModule
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.policy import Policy
from setsquare.syntax import suppressions as comments
from setsquare.text import LineIndex, Span

OWN = "setsquare"
_METADATA = {
    "setsquare": ("ignore", "rule", "reason"),
    "checkov": ("skip", "id", "comment"),
    "cfn_nag": ("rules_to_suppress", "id", "reason"),
    "guard": ("SuppressedRules", "", ""),
}
"""Per tool: the key of the list in a resource's metadata, and in its items the keys of the id and of the reason."""


@record
class SetAside:
    """Why a finding does not count."""

    by: str
    reason: str | None
    until: str | None = None


@record
class _Named:
    """A suppression with the rules that it names: all of a rule, or some of its paths."""

    rules: Mapping[str, frozenset[str] | None]
    set_aside: SetAside
    comment: comments.Suppression | None = None

    def covers(self, rule: str, paths: tuple[str, ...]) -> bool:
        if rule not in self.rules:
            return False
        named = self.rules[rule]
        return named is None or all(any(path == n or path.startswith(f"{n}.") for n in named) for path in paths)


class _Comments:
    """The suppressing comments of one file, by what they speak of."""

    def __init__(self, text: bytes, named: Sequence[_Named]) -> None:
        self._lines = LineIndex(text)
        self._named = named
        self._everywhere: list[int] = []
        self._on_line: dict[int, list[int]] = {}
        self._starts: list[int] = []
        self._inside: list[int] = []
        for number, one in enumerate(named):
            if one.comment is not None:
                self._add(number, one.comment)

    def _add(self, number: int, comment: comments.Suppression) -> None:
        match comment.scope:
            case comments.Scope.FILE:
                self._everywhere.append(number)
            case comments.Scope.BLOCK:
                self._starts.append(comment.span.start)
                self._inside.append(number)
            case comments.Scope.LINE:
                self._on_line.setdefault(self._lines.line_of(comment.span.start), []).append(number)
            case comments.Scope.NEXT:
                if comment.target is not None:
                    self._on_line.setdefault(self._lines.line_of(comment.target.start), []).append(number)

    def about(self, span: Span, header: Span, *, is_call: bool = False) -> Iterator[_Named]:
        """Yield, in their order, what speaks of something written at a span that begins with a header.

        What is called from here stands in another file: what speaks of this whole file does not speak of it.
        """
        inside = self._inside[bisect_left(self._starts, span.start) : bisect_left(self._starts, span.end)]
        on_line = self._on_line.get(self._lines.line_of(header.start), ())
        for number in sorted([*(() if is_call else self._everywhere), *inside, *on_line]):
            yield self._named[number]


@record
class CallSite:
    """Where a module is called: the type and name of the block that does, the whole block, and its file's bytes."""

    place: Place
    span: Span
    text: bytes


class Suppressions:
    """The suppressions of one unit; ``problems`` are those that are wrong, expired or without effect on purpose."""

    def __init__(
        self,
        catalogue: Catalogue,
        policy: Policy,
        context: Context,
        scope: TerraformModule | TemplateScope,
    ) -> None:
        self._catalogue = catalogue
        self._policy = policy
        self._context = context
        self.problems: list[Problem] = []
        self._comments: dict[str, _Comments] = {}
        self._looked_at = {*context.texts}
        for path in sorted(context.texts):
            self._read(path, context.texts[path])
        self._metadata: dict[str, list[_Named]] = {}
        if isinstance(scope, TemplateScope):
            for resource in scope.template.resources:
                metadata = resource.metadata.get()
                if metadata is not None:
                    self._metadata[resource.name] = list(self._in_metadata(scope.path, metadata))

    def of(
        self, rule: str, resource: Resource, place: Place, paths: tuple[str, ...], calls: Iterable[CallSite] = ()
    ) -> SetAside | None:
        """Return what sets a finding aside, if anything does and the policy lets it.

        ``calls`` are those that lead to the resource: what is set aside at one of them is so for that call alone.
        """
        path = self._context.relative(resource.path)
        # An exception for a resource of a module is one for all calls; one for ``module.m.*`` is for these alone.
        addresses = dict.fromkeys((resource.address, resource.address.removeprefix(resource.module)))
        found = (self._policy.exception(rule, address, path) for address in addresses)
        exception = next((exemption for exemption in found if exemption is not None), None)
        if exception is not None:
            return SetAside("policy", exception.reason, exception.until.isoformat() if exception.until else None)
        if not self._policy.may_suppress(rule):
            return None
        for named in self._metadata.get(resource.name, []):
            if named.covers(rule, paths):
                return named.set_aside
        spots = {(resource.path, resource.span, resource.header), (place.path, place.span, place.span)}
        for path, span, header in sorted(spots):
            for named in self._comments[path].about(span, header) if path in self._comments else ():
                if named.covers(rule, paths):
                    return named.set_aside
        for call in calls:
            for named in self._at_call(call):
                if named.covers(rule, paths):
                    return named.set_aside
        return None

    # ------------------------------------------------------------- comments

    def _at_call(self, call: CallSite) -> Iterator[_Named]:
        path = call.place.path
        if path not in self._looked_at:
            # What is wrong with a comment is told where its file is checked.
            told, self.problems = self.problems, []
            self._read(path, call.text)
            self.problems = told
            self._looked_at.add(path)
        if path in self._comments:
            yield from self._comments[path].about(call.span, call.place.span, is_call=True)

    def _read(self, path: str, text: bytes) -> None:
        written = format_of(path, text)
        if written is None:
            return
        found: list[_Named] = []
        for suppression in comments.read(written, text):
            place = Place(path, suppression.span)
            if suppression.problem is not None:
                self.problems.append(Problem(path, suppression.problem, place))
                continue
            rules = self._named_rules(suppression.tool, suppression.rules, suppression.reason, place)
            if rules and not self._expired(suppression.until, place):
                reason = SetAside(f"{suppression.tool} comment", suppression.reason, suppression.until)
                found.append(_Named(rules, reason, suppression))
        if found:
            self._comments[path] = _Comments(text, found)

    def _named_rules(
        self, tool: str, ids: Iterable[str], reason: str | None, place: Place
    ) -> dict[str, frozenset[str] | None]:
        if tool != OWN:
            return self._by_alias(tool, ids)
        result: dict[str, frozenset[str] | None] = {}
        for rule in ids:
            if rule in self._catalogue.rules:
                result[rule] = None
            else:
                self.problems.append(Problem(place.path, f"no rule is called {rule}", place))
        if result and not reason:
            self.problems.append(Problem(place.path, "a suppression needs a reason", place))
        return result

    def _by_alias(self, tool: str, ids: Iterable[str]) -> dict[str, frozenset[str] | None]:
        result: dict[str, frozenset[str] | None] = {}
        for identifier in ids:
            if identifier == "*":
                return dict.fromkeys(self._catalogue.rules)
            # Trivy took the prefix from its ids; comments in the world still have it.
            for rule, path in self._catalogue.aliased(tool, identifier) or self._catalogue.aliased(
                tool, identifier.removeprefix("AVD-")
            ):
                known = result.get(rule, frozenset())
                result[rule] = None if path is None or known is None else known | {path}
        return result

    def _expired(self, until: str | None, place: Place) -> bool:
        if until is None:
            return False
        try:
            if date.fromisoformat(until) >= self._policy.as_of:
                return False
            message = f"this suppression ended on {until}"
        except ValueError:
            message = f"{until!r} is no date; expected is a day like 2026-12-31"
        self.problems.append(Problem(place.path, message, place))
        return True

    # ------------------------------------------------------------- metadata of template resources

    def _in_metadata(self, path: str, metadata: Expression) -> Iterable[_Named]:
        for tool, (list_key, id_key, reason_key) in _METADATA.items():
            section = member(metadata, tool)
            items = member(section, list_key) if section is not None else None
            if not isinstance(items, ListExpression):
                continue
            for item in items.items:
                identifier = _text(item if not id_key else member(item, id_key))
                if identifier is None:
                    continue
                reason = _text(member(item, reason_key)) if reason_key else None
                until = _text(member(item, "until"))
                place = Place(path, item.span)
                rules = self._named_rules(tool, [identifier], reason, place)
                if rules and not self._expired(until, place):
                    yield _Named(rules, SetAside(f"{tool} metadata", reason, until))


def _text(expression: Expression | None) -> str | None:
    return str(expression.value) if isinstance(expression, Literal) and expression.value is not None else None
