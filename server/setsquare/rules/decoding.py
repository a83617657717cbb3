"""From YAML with spans to typed values: what does not fit becomes a mistake with its place and what was expected."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum
from typing import TypeVar

from setsquare.data import compose, plain
from setsquare.model import Entry, Expression, ListExpression, Literal, ObjectExpression, Scalar
from setsquare.records import record
from setsquare.text import LineIndex, Span

T = TypeVar("T")
U = TypeVar("U")
_SHOWN = 60


@record(order=True)
class Mistake:
    """Something wrong in a rule or policy file; line and column count from 1."""

    path: str
    line: int
    column: int
    message: str
    span: Span

    def __str__(self) -> str:
        """Return e.g. ``rule.yaml:3:5: found 'hihg', expected one of critical, high, medium, low``."""
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


class Unfit(Exception):  # noqa: N818 - control flow inside one file: the mistake is recorded already
    """A value cannot be decoded; the mistake is in the decoder's list."""


@dataclass(slots=True)
class Decoder:
    """Decodes one file and collects its mistakes."""

    path: str
    source: bytes
    mistakes: list[Mistake] = field(default_factory=list)
    _lines: LineIndex | None = None

    def root(self, what: str) -> ObjectExpression | None:
        """Return the only document of the file as a mapping; None, and a mistake, where it is not one."""
        documents = compose(self.source)
        for document in documents:
            for problem in document.problems:
                self.mistake(problem.span, problem.message)
        if self.mistakes:
            return None
        if len(documents) != 1:
            self.mistake(Span(0, 0), f"found {len(documents)} documents, expected one mapping: {what}")
            return None
        root = documents[0].root
        if not isinstance(root, ObjectExpression):
            self.found(root, f"a mapping: {what}")
            return None
        return root

    def mistake(self, span: Span, message: str) -> None:
        """Record a mistake."""
        if self._lines is None:
            self._lines = LineIndex(self.source)
        line, column = self._lines.position(span.start)
        self.mistakes.append(Mistake(self.path, line + 1, column + 1, message, span))

    def found(self, expression: Expression, expected: str) -> None:
        """Record that something else was expected here."""
        self.mistake(expression.span, f"found {shown(expression)}, expected {expected}")

    def unfit(self, expression: Expression, expected: str) -> Unfit:
        """Record that something else was expected here, and return what to raise."""
        self.found(expression, expected)
        return Unfit(expected)

    # ------------------------------------------------------------- shapes

    def fields(
        self,
        expression: Expression,
        allowed: Iterable[str],
        required: Iterable[str] = (),
        what: str = "a mapping",
    ) -> dict[str, Expression]:
        """Return the fields of a mapping; unknown and missing ones are mistakes.

        Raises:
            Unfit: it is not a mapping.

        """
        table = self.mapping(expression, what)
        names = list(allowed)
        for entry in self.entries(expression, what):
            name = str(entry.key.value) if isinstance(entry.key, Literal) else ""
            if name not in names:
                near = get_close_matches(name, names, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                self.found(entry.key, f"one of {', '.join(names)}{hint}")
        for name in required:
            if name not in table:
                self.mistake(expression.span, f"{name} is missing, expected {what} with {', '.join(required)}")
        return {name: value for name, value in table.items() if name in names}

    def mapping(self, expression: Expression, what: str = "a mapping") -> dict[str, Expression]:
        """Return the entries of a mapping by name.

        Raises:
            Unfit: it is not a mapping.

        """
        return {str(e.key.value): e.value for e in self.entries(expression, what) if isinstance(e.key, Literal)}

    def entries(self, expression: Expression, what: str = "a mapping") -> tuple[Entry, ...]:
        """Return the entries of a mapping.

        Raises:
            Unfit: it is not a mapping.

        """
        if not isinstance(expression, ObjectExpression):
            raise self.unfit(expression, what)
        return expression.entries

    def items(self, expression: Expression, what: str) -> tuple[Expression, ...]:
        """Return the items of a list.

        Raises:
            Unfit: it is not a list.

        """
        if not isinstance(expression, ListExpression):
            raise self.unfit(expression, what)
        return expression.items

    def each(self, expressions: Iterable[Expression], decode: Callable[[Expression], T]) -> tuple[T, ...]:
        """Decode all; those that do not fit are left out, their mistakes recorded."""
        result: list[T] = []
        for expression in expressions:
            try:
                result.append(decode(expression))
            except Unfit:
                continue
        return tuple(result)

    def optional(
        self, table: Mapping[str, Expression], name: str, decode: Callable[[Expression], T], otherwise: U
    ) -> T | U:
        """Decode a field; what stands in for it where it is missing, or does not fit (the mistake is recorded)."""
        if name not in table:
            return otherwise
        try:
            return decode(table[name])
        except Unfit:
            return otherwise

    # ------------------------------------------------------------- scalars

    def text(self, expression: Expression, expected: str = "text") -> str:
        """Return a text.

        Raises:
            Unfit: it is something else.

        """
        if isinstance(expression, Literal) and isinstance(expression.value, str) and expression.value:
            return expression.value
        raise self.unfit(expression, expected)

    def integer(self, expression: Expression, expected: str = "a whole number") -> int:
        """Return an integer.

        Raises:
            Unfit: it is something else.

        """
        if (
            isinstance(expression, Literal)
            and isinstance(expression.value, int)
            and not isinstance(expression.value, bool)
        ):
            return expression.value
        raise self.unfit(expression, expected)

    def boolean(self, expression: Expression) -> bool:
        """Return a boolean.

        Raises:
            Unfit: it is something else.

        """
        if isinstance(expression, Literal) and isinstance(expression.value, bool):
            return expression.value
        raise self.unfit(expression, "true or false")

    def scalar(self, expression: Expression, expected: str = "a text, a number or a boolean") -> Scalar:
        """Return a scalar that is not null.

        Raises:
            Unfit: it is something else.

        """
        if isinstance(expression, Literal) and expression.value is not None:
            return expression.value
        raise self.unfit(expression, expected)

    def choice(self, expression: Expression, options: type[Enum]) -> Enum:
        """Return the member of an enumeration that a text names.

        Raises:
            Unfit: there is none.

        """
        for option in options:
            if isinstance(expression, Literal) and expression.value == option.value:
                return option
        raise self.unfit(expression, "one of " + ", ".join(str(option.value) for option in options))

    def texts(self, expression: Expression, what: str = "a list of texts") -> tuple[str, ...]:
        """Return a list of texts.

        Raises:
            Unfit: it is not a list.

        """
        return self.each(self.items(expression, what), lambda item: self.text(item, what))

    def text_lists(self, expression: Expression, what: str) -> dict[str, tuple[str, ...]]:
        """Return a mapping of names to lists of texts.

        Raises:
            Unfit: it is not a mapping.

        """
        result: dict[str, tuple[str, ...]] = {}
        for name, value in self.mapping(expression, what).items():
            result[name] = self.texts(value, what)
        return result


def shown(expression: Expression) -> str:
    """Return a value as it is quoted in a message."""
    match expression:
        case ObjectExpression():
            return "a mapping"
        case ListExpression():
            return "a list"
        case Literal(_, None):
            return "nothing"
        case Literal(_, bool() as value):
            return str(value).lower()
        case Literal(_, str() as value):
            return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "...")
        case _:
            return repr(plain(expression)) if plain(expression) is not None else "something that is not plain YAML"
