"""Where a rule's page is."""

from setsquare import __version__

_PAGES = "https://setsquare.dev/rules"


def page_of(rule_id: str) -> str:
    """Return the address of a rule's page; it is only shown, never opened by the server."""
    return f"{_PAGES}/{rule_id}?v={__version__}"
