"""New resources: where they stand in a file."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby

from tree_sitter import Node

from setsquare.model import NewResource
from setsquare.syntax import hcl_tree
from setsquare.syntax.edit_error import EditError
from setsquare.syntax.hcl_align import lined_up
from setsquare.syntax.hcl_lexing import Kind, Lexer
from setsquare.syntax.hcl_text import unescape_quoted
from setsquare.syntax.hcl_view import View, end_with_comments, span_of, text_of
from setsquare.text import Edit, Span

_Pair = tuple[str, str]
_LABELS = 2


def new_resources(view: View, base: int, changes: Sequence[NewResource]) -> list[Edit]:
    """Return the insertions of resources: after their primary, in order among the companions that stand there.

    Args:
        view: the file without its BOM.
        base: how long its BOM is.
        changes: what to insert.

    Raises:
        EditError: there is no block at a primary's span, or the end of the file lies inside something broken.

    """
    top = [node for part in view.root.children for node in (part.children if part.kind_id == hcl_tree.BODY else [part])]
    comments = sorted((node for node in top if node.kind_id == hcl_tree.COMMENT), key=span_of)
    blocks = [node for node in top if node.kind_id != hcl_tree.COMMENT]
    placed: dict[int, list[NewResource]] = {}
    for _, group in groupby(sorted(changes, key=_order), key=lambda change: change.span):
        together = list(group)
        siblings = {pair for change in together for pair in change.siblings} | {_pair(change) for change in together}
        span = together[0].span
        if span is None:
            run = _run_at_end(blocks, siblings)
        else:
            run = _run_after(blocks, Span(span.start - base, span.end - base), siblings)
        for change in together:
            end = _place(view, comments, run, change, at_end=span is None)
            placed.setdefault(end, []).append(change)
    return [_insertion(view, base, end, together) for end, together in placed.items()]


def _order(change: NewResource) -> tuple[Span, str, str]:
    return (change.span or Span(-1, -1), change.type, change.name)


def _pair(change: NewResource) -> _Pair:
    return (change.type, change.name)


def _identity(block: Node) -> _Pair | None:
    """Return type and name of a resource block."""
    if block.kind_id != hcl_tree.BLOCK or text_of(block.children[0]) != "resource":
        return None
    labels = [_label(node) for node in block.children[1:] if node.kind_id in (hcl_tree.STRING, hcl_tree.IDENTIFIER)]
    return (labels[0], labels[1]) if len(labels) == _LABELS else None


def _label(node: Node) -> str:
    text = text_of(node)
    return unescape_quoted(text[1:-1]) or "" if text.startswith('"') else text


def _run_after(blocks: Sequence[Node], primary: Span, siblings: AbstractSet[_Pair]) -> list[Node]:
    """Return the primary and the companions directly after it."""
    at = next((index for index, node in enumerate(blocks) if span_of(node) == primary), None)
    if at is None or blocks[at].kind_id != hcl_tree.BLOCK:
        reason = "the resource that it belongs to cannot be found"
        raise EditError(reason)
    run = [blocks[at]]
    last: _Pair = ("", "")
    for node in blocks[at + 1 :]:
        pair = _identity(node)
        if pair is None or pair not in siblings or pair < last:
            break
        run.append(node)
        last = pair
    return run


def _run_at_end(blocks: Sequence[Node], siblings: AbstractSet[_Pair]) -> list[Node]:
    """Return the companions at the end of a file, after the block before them."""
    run: list[Node] = []
    first: _Pair | None = None
    for node in reversed(blocks):
        run.insert(0, node)
        pair = _identity(node)
        if pair is None or pair not in siblings or (first is not None and pair > first):
            return run
        first = pair
    return run


def _place(view: View, comments: Sequence[Node], run: Sequence[Node], change: NewResource, *, at_end: bool) -> int:
    """Return the end of the line after which a resource goes."""
    pair = _pair(change)
    above = next((index for index, node in enumerate(run) if index and (_identity(node) or pair) > pair), None)
    if above is None and at_end:
        _check_end(view)
        return len(view.text.rstrip())
    last = run[-1] if above is None else run[above - 1]
    return end_with_comments(view, last.end_byte, comments)


def _check_end(view: View) -> None:
    depth = 0
    for token in Lexer(view.text).tokens(0, len(view.text)):
        if token.kind in (Kind.UNENDED, Kind.BROKEN_STRING):
            depth = -1
            break
        depth += (token.kind is Kind.OPEN) - (token.kind is Kind.CLOSE)
    if depth:
        reason = "the file has a syntax error, so its end may lie inside something else"
        raise EditError(reason)


def _insertion(view: View, base: int, end: int, changes: Iterable[NewResource]) -> Edit:
    eol = view.writer.eol
    blank = eol + eol
    text = blank.join(lined_up(view.writer.resource(change)) for change in sorted(changes, key=_pair))
    following = view.next_line(end)
    if end == 0:
        return Edit(Span(base, base), text + (b"" if view.text[:1] in (b"\r", b"\n") else eol))
    rest = b""
    if end == len(view.text) or (following < len(view.text) and not view.is_blank_line(following)):
        rest = eol
    return Edit(Span(end + base, end + base), blank + text + rest)
