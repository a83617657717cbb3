"""JSON text to values: what a person meant where it is broken."""

from tests.syntax.shown import documents, told
from tests.tables import table

from setsquare.syntax import json


@table(
    "source, expected, problem",
    [
        ("", "", ""),
        ('\ufeff{"a": 1}', "{a: 1}", ""),
        ('{"a": "x\\ty"}', '{a: "x\\ty"}', ""),
        ('{"a": "\\ud83d\\ude00"}', '{a: "😀"}', ""),
        ('{"a": "\\ud800"}', '{a: "\ufffd"}', ""),
        ('{"a": 1e3, "b": -2.5}', "{a: 1000.0, b: -2.5}", ""),
        ('{"a": 1e999, "b": 1}', "{a: ?1e999, b: 1}", "this is not a number of JSON @1e999"),
        ('{"a": 01}', "{a: ?01}", "this is not a number of JSON @01"),
        ('{"a": 1,}', "{a: 1}", "a comma before the closing bracket @,"),
        ('{"a": 1 "b": 2}', "{a: ?, b: 2, ...}", 'a comma is missing @"b"'),
        ('{"a": [1, 2}', "{a: [1, 2, ?], ...}", "a bracket is not closed @["),
        ('{"a": 1} x', "{a: 1, ...}", "text after the end of the document @x"),
        ('// c\n{"a": 1}', "{a: 1}", "JSON has no comments @// c"),
        ('{"a": "\\q"}', '{a: ?"\\q"}', "a string with an escape that JSON does not have"),
        ('{"a": tru}', "{a: ?tru, ...}", "this is not a value of JSON @tru"),
        ('{"a": "x', '{a: ?"x, ...}', 'a string is not closed @"x'),
        ('{"a": }', "{a: ?, ...}", "a value is missing @"),
        ('{"a", "b": 1}', "{b: 1, ...}", 'a key without a value @"a"'),
        ('{"a": "b": 1}', "{a: ?, b: 1, ...}", 'a key without a value @"a"'),
        ("{a: 1}", "{...}", "a key in quotes is missing @a"),
        ("{[1]: 2}", "{...}", "a key in quotes is missing @["),
        ("[1: 2, 3]", "[?, 2, 3, ?]", "a colon in a list @:"),
        ('{"a": 1]}', "{a: 1, ...}", "a closing bracket too many @]"),
        ('{"a": 1, "a": 2}', "{a: ?a is there twice, ...}", 'the key a is there twice @"a"'),
        ('{\n  "a": {\n    "b": 1\n  "c": 2\n}\n', "{a: {b: 1, ...}, c: 2, ...}", "a bracket is not closed"),
        ('{\n  "a":\n  "b": 1\n}', "{a: ?, b: 1, ...}", 'a key without a value @"a"'),
        ("[" * 101 + "]" * 101, "[" * 100 + "?nested deeper than 100 levels" + "]" * 100, "nested deeper"),
    ],
)
def test_what_is_read(source, expected, problem):
    source = source.encode()
    found = json.read(source)
    assert documents(found) == expected
    problems = " | ".join(told(document.problems, source) for document in found)
    assert problem in problems
    assert bool(problem) == bool(problems)
