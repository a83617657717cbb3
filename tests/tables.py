"""Tests as tables: one row a situation, named by its number and what it begins with."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

_LONGEST = 60


def table(columns: str, rows: Iterable[Sequence[Any]]) -> pytest.MarkDecorator:
    """Parametrise a test by rows; the columns are separated by commas."""
    params = [pytest.param(*row, id=f"{number} {_name(row)}") for number, row in enumerate(rows)]
    return pytest.mark.parametrize([name.strip() for name in columns.split(",")], params)


def _name(row: Sequence[Any]) -> str:
    texts = [
        cell if isinstance(cell, str) else repr(cell) for cell in row if isinstance(cell, str | int | float | None)
    ]
    return re.sub(r"\s+", " ", " | ".join(texts))[:_LONGEST]
