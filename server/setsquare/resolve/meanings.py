"""What expressions of Terraform mean: all forms but the names that a module gives to things."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from itertools import takewhile

from setsquare.model import (
    Call,
    Conditional,
    Entry,
    Expression,
    For,
    Known,
    ListExpression,
    Literal,
    ObjectExpression,
    Opaque,
    Place,
    Reference,
    Sequence,
    Structure,
    Template,
    Traversal,
    Unreadable,
    Value,
)
from setsquare.resolve import values
from setsquare.resolve.calls import OPERATORS, as_written_text, called, operated
from setsquare.resolve.conditions import as_truth
from setsquare.resolve.file_functions import FILE_FUNCTIONS, FileFunctions
from setsquare.resolve.frames import KEY, Frame
from setsquare.resolve.functions.plain import MAX_TEXT
from setsquare.resolve.loops import for_value
from setsquare.resolve.sources import Sources
from setsquare.resolve.steps import Step, index_step, walk

MAX_DEPTH = 90
"""How many names may lead from one to another."""


class Meanings(ABC):
    """Gives expressions their meaning.

    Attributes:
        texts: the bytes of the files, by path.
        notes: what is beyond a bound, by place.

    """

    texts: Mapping[str, bytes]

    def __init__(self, sources: Sources) -> None:
        self.notes: dict[Place, str] = {}
        self._files = FileFunctions(self, sources)

    @abstractmethod
    def reference(self, path: tuple[str, ...], frame: Frame, place: Place) -> Value:
        """Return what a path means that starts with a name of the module's."""

    @property
    @abstractmethod
    def folder_of_files(self) -> str:
        """The folder that paths of files are relative to."""

    def note(self, place: Place, message: str) -> None:
        """Record that something at a place is beyond a bound, and therefore not known."""
        self.notes.setdefault(place, message)

    def shown(self, place: Place) -> str:
        """Return what is written at a place, on one line."""
        text = self.texts.get(place.path, b"")[place.span.start : place.span.end]
        return " ".join(text.decode("utf-8", "replace").split())

    def value(self, expression: Expression, frame: Frame) -> Value:
        """Return all that an expression may mean."""
        place = Place(frame.path, expression.span)
        if len(frame.trail) > MAX_DEPTH:
            return (Opaque(place, self.shown(place)),)
        found = self._meaning(expression, frame, place)
        if any(origin.place is KEY for origin in found):
            return tuple(replace(origin, place=place) if origin.place is KEY else origin for origin in found)
        return found

    def _meaning(self, expression: Expression, frame: Frame, place: Place) -> Value:
        match expression:
            case Literal(_, value):
                return values.scalar(place, value)
            case Template(_, parts):
                return self._template(parts, frame, place)
            case ListExpression(_, items):
                return (Sequence(place, tuple(self.value(item, frame) for item in items)),)
            case ObjectExpression():
                return (self._object(expression, frame),)
            case Conditional(_, condition, when_true, when_false):
                return self._conditional(condition, when_true, when_false, frame, place)
            case Reference(_, path):
                return self._named(path, frame, place)
            case Traversal():
                return self._traversal(expression, frame, place)
            case For():
                return for_value(self, expression, frame, place)
            case Call(_, name, arguments):
                return self._call(name, arguments, frame, place)
            case Unreadable():
                return (Opaque(place, self.shown(place)),)

    def _template(self, parts: tuple[Expression, ...], frame: Frame, place: Place) -> Value:
        pieces = [as_written_text(self.value(part, frame)) for part in parts]
        found = values.text(place, pieces, lambda: self.shown(place))
        if any(isinstance(origin, Known) and len(str(origin.value)) > MAX_TEXT for origin in found):
            return (Opaque(place, self.shown(place)),)
        return found

    def _object(self, written: ObjectExpression, frame: Frame) -> Structure:
        open_keys = False
        entries: list[Entry] = []
        for entry in written.entries:
            key = entry.key
            if not isinstance(key, Literal):
                known = self.value(key, frame)
                if len(known) != 1 or not isinstance(known[0], Known):
                    open_keys = True
                    continue
                key = Literal(key.span, known[0].value)
            entries.append(Entry(key, entry.value, entry.span))
        resolved = ObjectExpression(written.span, tuple(entries), written.complete)
        return values.mapping(frame.path, resolved, lambda item: self.value(item, frame), open_keys=open_keys)

    def _conditional(
        self, condition: Expression, when_true: Expression, when_false: Expression, frame: Frame, place: Place
    ) -> Value:
        truth = as_truth(self.value(condition, frame))
        if truth is not None:
            return self.value(when_true if truth else when_false, frame)
        return values.union([self.value(when_true, frame), self.value(when_false, frame)], place)

    def _traversal(self, expression: Traversal, frame: Frame, place: Place) -> Value:
        steps: list[Step] = [step if isinstance(step, str) else self.value(step, frame) for step in expression.steps]
        match expression.base:
            case Reference(_, ("module", name)):
                # Which of a module's calls an index means is part of its name.
                first = steps[0] if isinstance(steps[0], str) else index_step(steps[0])
                plain = takewhile(lambda step: isinstance(step, str), steps[1:])
                path = ("module", name, first, *(str(step) for step in plain))
                base, steps = self._named(path, frame, place), steps[len(path) - 2 :]
            case other:
                base = self.value(other, frame)
        return walk(base, steps, place, lambda: self.shown(place))

    def _named(self, path: tuple[str, ...], frame: Frame, place: Place) -> Value:
        name, *steps = path
        if name in frame.names:
            return walk(frame.names[name], steps, place, lambda: self.shown(place))
        return self.reference(path, frame, place)

    def _call(self, name: str, arguments: tuple[Expression, ...], frame: Frame, place: Place) -> Value:
        def shown() -> str:
            return self.shown(place)

        given = [self.value(argument, frame) for argument in arguments[:-1]]
        for last in arguments[-1:]:
            if isinstance(last, Call) and last.name == "...":
                match self.value(last.arguments[0], frame):
                    case (Sequence(items=items, complete=True),):
                        given += items
                    case _:
                        return (Opaque(place, shown()),)
            else:
                given.append(self.value(last, frame))
        if name in OPERATORS:
            return operated(name, given, place, shown)
        if name in FILE_FUNCTIONS:
            return self._files.called(name, given, frame, place)
        return called(name, given, place, shown)
