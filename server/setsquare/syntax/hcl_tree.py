"""The grammar of HCL: its parser, and its node kinds as the numbers that comparing costs least."""

import threading

import tree_sitter_hcl
from tree_sitter import Language, Node, Parser, Tree

LANGUAGE = Language(tree_sitter_hcl.language())


def _kind(name: str) -> int:
    number = LANGUAGE.id_for_node_kind(name, True)  # noqa: FBT003 - the binding takes no keywords
    if number is None:
        message = f"tree-sitter-hcl knows no node kind {name!r}"
        raise RuntimeError(message)
    return number


ATTRIBUTE = _kind("attribute")
BLOCK = _kind("block")
BLOCK_START = _kind("block_start")
BODY = _kind("body")
COLLECTION = _kind("collection_value")
COMMENT = _kind("comment")
CONDITIONAL = _kind("conditional")
ELLIPSIS = _kind("ellipsis")
EXPRESSION = _kind("expression")
FOR = _kind("for_expr")
FOR_CONDITION = _kind("for_cond")
FOR_INTRO = _kind("for_intro")
FOR_OBJECT = _kind("for_object_expr")
FUNCTION_ARGUMENTS = _kind("function_arguments")
FUNCTION_CALL = _kind("function_call")
GET_ATTRIBUTE = _kind("get_attr")
HEREDOC = _kind("heredoc_template")
HEREDOC_MARKER = _kind("heredoc_identifier")
IDENTIFIER = _kind("identifier")
INDEX = _kind("index")
LITERAL = _kind("literal_value")
NEW_INDEX = _kind("new_index")
NUMBER = _kind("numeric_lit")
BOOLEAN = _kind("bool_lit")
OBJECT_ELEMENT = _kind("object_elem")
OPERATION = _kind("operation")
QUOTED = _kind("quoted_template")
ATTRIBUTE_SPLAT = _kind("attr_splat")
SPLAT = _kind("splat")
STRING = _kind("string_lit")
TEMPLATE = _kind("template_expr")
TEMPLATE_LITERAL = _kind("template_literal")
TEMPLATE_DIRECTIVE = _kind("template_directive")
TEMPLATE_ELSE = _kind("template_else_intro")
TEMPLATE_FOR = _kind("template_for")
TEMPLATE_FOR_END = _kind("template_for_end")
TEMPLATE_FOR_START = _kind("template_for_start")
TEMPLATE_IF = _kind("template_if")
TEMPLATE_IF_END = _kind("template_if_end")
TEMPLATE_IF_START = _kind("template_if_intro")
TEMPLATE_INTERPOLATION = _kind("template_interpolation")
TUPLE = _kind("tuple")
UNARY = _kind("unary_operation")
VARIABLE = _kind("variable_expr")

_local = threading.local()


def parse(text: bytes) -> Tree:
    """Parse a piece of HCL; never fails: what does not fit is an error node in the tree."""
    parser: Parser | None = getattr(_local, "parser", None)
    if parser is None:
        parser = _local.parser = Parser(LANGUAGE)
    return parser.parse(text)


def children(node: Node) -> list[Node]:
    """Return the children of a node without comments, which may stand anywhere."""
    return [child for child in node.children if child.kind_id != COMMENT]
