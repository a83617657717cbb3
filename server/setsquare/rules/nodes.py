"""The tree of a desired state: YAML to nodes, operand by operand, operator by operator."""

from setsquare.model import DialectExpression, Expression, ListExpression, Literal, ObjectExpression
from setsquare.rules.decoding import Decoder, Unfit
from setsquare.rules.rule import (
    ANY_ADDRESS,
    MISSING,
    AnyElement,
    Bound,
    Contains,
    CoversPort,
    Each,
    Excludes,
    FirstOperand,
    Is,
    IsAbsent,
    IsPresent,
    IsSecret,
    IsSet,
    Leaf,
    MapOperand,
    Missing,
    Node,
    NoneOf,
    OneOf,
    Operand,
    ParameterOperand,
    Properties,
    SelfOperand,
    Statement,
    Test,
)

_TESTS = (
    "$is",
    "$one_of",
    "$none_of",
    "$at_least",
    "$at_most",
    "$contains",
    "$excludes",
    "$set",
    "$absent",
    "$present",
    "$secret",
    "$document",
)
_LEAF_OPTIONS = ("$default", "$explicit", "$write", "$requires", "$order", "$item_key", "$replace")
_BODY_OPTIONS = ("$if_present", "$list", "$entry", "$any_of", "$covers_port")
_EACH_OPTIONS = ("$each", "$where")
_OPERANDS = ("$param", "$first", "$self", "$suffix", "$expr", "$any")
OPERATORS = (*_TESTS, *_LEAF_OPTIONS, *_BODY_OPTIONS, *_EACH_OPTIONS, *_OPERANDS)


class NodeDecoder:
    """Decodes the trees of one rule.

    ``condition``: the tree is a ``when`` or ``$where``, where ``$present`` and ``$covers_port`` are allowed.
    """

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder

    def properties(self, expression: Expression, *, condition: bool = False) -> Properties:
        """Decode a mapping of properties.

        Raises:
            Unfit: it is not one.

        """
        node = self.node(expression, condition=condition)
        if not isinstance(node, Properties):
            raise self._decoder.unfit(expression, "a mapping of properties")
        return node

    def node(self, expression: Expression, *, condition: bool = False) -> Node:
        """Decode a node: a scalar or list means ``$is``, a mapping of properties a nested block.

        Raises:
            Unfit: it is none.

        """
        if not isinstance(expression, ObjectExpression):
            return Leaf(Is(self.operand(expression)))
        table = self._decoder.mapping(expression)
        operators = {name: value for name, value in table.items() if name.startswith("$")}
        self._check_operators(expression, operators)
        if "$each" in operators:
            return self._each(expression, table, condition=condition)
        tests = [name for name in operators if name in _TESTS]
        if tests or "$param" in operators or "$first" in operators or "$expr" in operators or "$self" in operators:
            return self._leaf(expression, table, tests, condition=condition)
        return self._body(expression, table, condition=condition)

    def _check_operators(self, expression: ObjectExpression, operators: dict[str, Expression]) -> None:
        for entry in expression.entries:
            if isinstance(entry.key, Literal) and entry.key.value in operators and entry.key.value not in OPERATORS:
                self._decoder.found(entry.key, f"one of {', '.join(OPERATORS)}")
                raise Unfit

    # ------------------------------------------------------------- bodies

    def _body(self, expression: ObjectExpression, table: dict[str, Expression], *, condition: bool) -> Properties:
        options = {name: value for name, value in table.items() if name.startswith("$")}
        wrong = [name for name in options if name not in _BODY_OPTIONS]
        if wrong:
            raise self._decoder.unfit(expression, f"{wrong[0]} beside a test ({', '.join(_TESTS)})")
        children: list[tuple[str, Node]] = []
        for name, value in table.items():
            if name not in options:
                try:
                    children.append((name, self.node(value, condition=condition)))
                except Unfit:
                    continue
        relations = (self._covers_port(options["$covers_port"]),) if "$covers_port" in options else ()
        if relations and not condition:
            raise self._decoder.unfit(options["$covers_port"], "$covers_port in when or $where only")
        alternatives: tuple[Node, ...] = ()
        if "$any_of" in options:
            items = self._decoder.items(options["$any_of"], "a list of alternatives")
            alternatives = self._decoder.each(items, lambda item: self.node(item, condition=condition))
        return Properties(
            tuple(children),
            relations,
            alternatives,
            as_list=self._flag(options, "$list"),
            if_present=self._flag(options, "$if_present"),
            entry=self._entry(options["$entry"]) if "$entry" in options else None,
        )

    def _flag(self, table: dict[str, Expression], name: str) -> bool:
        return name in table and self._decoder.boolean(table[name])

    def _entry(self, expression: Expression) -> tuple[str, str | int | float | bool]:
        table = self._decoder.mapping(expression, "one key and value, as {name: x}")
        if len(table) != 1:
            raise self._decoder.unfit(expression, "one key and value, as {name: x}")
        ((key, value),) = table.items()
        return key, self._decoder.scalar(value)

    def _covers_port(self, expression: Expression) -> CoversPort:
        names = ("port", "$in")
        table = self._decoder.fields(expression, names, names, "{port: 22, $in: [from, to, protocol]}")
        if not all(name in table for name in names):
            raise Unfit
        fields = self._decoder.texts(table["$in"], "three names: from, to, protocol")
        if len(fields) != 3:  # noqa: PLR2004 - from, to, protocol
            raise self._decoder.unfit(table["$in"], "three names: from, to, protocol")
        return CoversPort(self._decoder.integer(table["port"]), (fields[0], fields[1], fields[2]))

    def _each(self, expression: ObjectExpression, table: dict[str, Expression], *, condition: bool) -> Each:
        wrong = [name for name in table if name not in _EACH_OPTIONS]
        if wrong:
            raise self._decoder.unfit(expression, f"only $each and $where together, not {wrong[0]}")
        where = self.node(table["$where"], condition=True) if "$where" in table else None
        return Each(self.node(table["$each"], condition=condition), where)

    # ------------------------------------------------------------- leaves

    def _leaf(
        self, expression: ObjectExpression, table: dict[str, Expression], tests: list[str], *, condition: bool
    ) -> Leaf:
        allowed = (*_TESTS, *_LEAF_OPTIONS, *_OPERANDS)
        wrong = [name for name in table if name not in allowed]
        if wrong or len(tests) > 1:
            raise self._decoder.unfit(expression, f"one test and its options, not {', '.join(wrong or tests)}")
        if tests == ["$present"] and not condition:
            raise self._decoder.unfit(expression, "$present in when or $where only")
        test = self._test(expression, tests[0], table) if tests else Is(self.operand(expression))
        options = table if tests else {}
        return Leaf(
            test,
            default=self._optional(options, "$default"),
            explicit=self._flag(options, "$explicit"),
            write=self._optional(options, "$write"),
            requires=self._decoder.text(options["$requires"]) if "$requires" in options else None,
        )

    def _optional(self, table: dict[str, Expression], name: str) -> "Operand | Missing":
        return self.operand(table[name]) if name in table else MISSING

    def _test(self, expression: Expression, name: str, table: dict[str, Expression]) -> Test:
        value = table[name]
        match name:
            case "$is":
                return Is(self.operand(value))
            case "$one_of":
                return OneOf(self._list_operand(value))
            case "$none_of":
                return NoneOf(self._list_operand(value))
            case "$at_least" | "$at_most":
                order = self._decoder.text(table["$order"]) if "$order" in table else None
                return Bound(self.operand(value), name == "$at_least", order)
            case "$contains":
                key = self._decoder.text(table["$item_key"]) if "$item_key" in table else None
                return Contains(self._list_operand(value), key)
            case "$excludes":
                named = isinstance(value, Literal) and value.value == ANY_ADDRESS
                forbidden = ANY_ADDRESS if named else self._list_operand(value)
                return Excludes(forbidden, self._optional(table, "$replace"))
            case "$document":
                return self._statement(value)
            case _:
                if not self._decoder.boolean(value):
                    raise self._decoder.unfit(expression, f"{name}: true")
                flags: dict[str, Test] = {
                    "$set": IsSet(),
                    "$absent": IsAbsent(),
                    "$present": IsPresent(),
                    "$secret": IsSecret(),
                }
                return flags[name]

    def _list_operand(self, expression: Expression) -> Operand:
        operand = self.operand(expression)
        if not isinstance(operand, tuple | ParameterOperand | FirstOperand):
            raise self._decoder.unfit(expression, "a list, or a parameter that is one")
        return operand

    def _statement(self, expression: Expression) -> Statement:
        kinds = ("$has_statement", "$no_statement")
        table = self._decoder.fields(expression, kinds, (), "{$has_statement: {..}} or {$no_statement: {..}}")
        if len(table) != 1:
            raise self._decoder.unfit(expression, "one of $has_statement, $no_statement")
        ((kind, pattern),) = table.items()
        operand = self.operand(pattern, pattern=True)
        if not isinstance(operand, MapOperand):
            raise self._decoder.unfit(pattern, "a statement: a mapping with Effect, Action, Resource ..")
        return Statement(operand, kind == "$has_statement")

    # ------------------------------------------------------------- operands

    def operand(self, expression: Expression, *, pattern: bool = False) -> Operand:
        """Decode an operand: a value, or where it comes from.

        Raises:
            Unfit: it is none.

        """
        match expression:
            case Literal(_, value):
                return value
            case ListExpression(_, items):
                return tuple(self.operand(item, pattern=pattern) for item in items)
            case ObjectExpression():
                table = self._decoder.mapping(expression)
                named = [name for name in table if name.startswith("$")]
                if not named:
                    return MapOperand(tuple((k, self.operand(v, pattern=pattern)) for k, v in table.items()))
                return self._named_operand(expression, table, pattern=pattern)
            case _:
                raise self._decoder.unfit(expression, "a value")

    def _named_operand(self, expression: Expression, table: dict[str, Expression], *, pattern: bool) -> Operand:
        match sorted(table):
            case ["$param"]:
                return ParameterOperand(self._decoder.text(table["$param"]))
            case ["$first"]:
                options = self._decoder.items(table["$first"], "a list of options")
                return FirstOperand(tuple(self.operand(option) for option in options))
            case ["$self"]:
                return SelfOperand(self._decoder.text(table["$self"]))
            case ["$self", "$suffix"]:
                return SelfOperand(self._decoder.text(table["$self"]), self._decoder.text(table["$suffix"]))
            case ["$expr"]:
                return DialectExpression(self._decoder.text(table["$expr"]))
            case ["$any"] if pattern:
                values = self._decoder.items(table["$any"], "a list of values")
                return AnyElement(self._decoder.each(values, self._decoder.scalar))
            case ["$absent"] | ["$present"] if pattern:
                ((name, _),) = table.items()
                return MapOperand(((name, True),))
            case _:
                raise self._decoder.unfit(expression, "one of $param, $first, $self (with $suffix), $expr")
