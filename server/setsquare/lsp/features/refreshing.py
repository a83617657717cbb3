"""Telling a client that pulls to ask again."""

import asyncio
from collections.abc import Awaitable, Callable

from pygls.exceptions import JsonRpcException

_PATIENCE = 5.0
"""Seconds that a client has to answer before it is told again."""


class Refresher:
    """Tells one client; what comes up while it has not answered yet is told together, once."""

    def __init__(self, send: Callable[[], Awaitable[None]]) -> None:
        self._send = send
        self._is_running = False
        self._is_due = False

    async def tell(self) -> None:
        """Tell the client, or see to it that it is told after the answer that it owes."""
        self._is_due = True
        if self._is_running:
            return
        self._is_running = True
        try:
            while self._is_due:
                self._is_due = False
                await self._told()
        finally:
            self._is_running = False

    async def _told(self) -> None:
        try:
            await asyncio.wait_for(self._send(), _PATIENCE)
        except (JsonRpcException, TimeoutError):
            return  # a client that refuses, or never answers, still asks when it likes
