"""Links from where rules are mentioned to their pages."""

from lsprotocol import types

from setsquare.lsp.convert import Lines
from setsquare.lsp.documentation import page_of
from setsquare.lsp.features.mentions import Mention, mentions
from setsquare.lsp.session import Session
from setsquare.workspace import Workspace


async def links(session: Session, path: str) -> list[types.DocumentLink]:
    """Answer ``textDocument/documentLink``."""

    def find(workspace: Workspace) -> tuple[bytes, tuple[Mention, ...]]:
        return workspace.text(path) or b"", mentions(workspace, path)

    source, found = await session.ask(find)
    lines = session.lines(source)
    return [_link(session, lines, mention) for mention in found]


def _link(session: Session, lines: Lines, mention: Mention) -> types.DocumentLink:
    rule = mention.rules[0]
    tooltip = rule.title if session.client.link_tooltips else None
    return types.DocumentLink(lines.range(mention.span), page_of(rule.id), tooltip=tooltip)
