"""What keeps the server alive, and what ends it."""

import asyncio
import logging
import os
import subprocess
import sys
import threading

import pytest

from setsquare.lsp.lifetime import Incoming, is_alive, watch_process
from setsquare.lsp.worker import Worker, WorkerDiedError


async def test_a_worker_that_dies_is_restarted_and_goes_on_with_what_waits(caplog):
    worker = Worker("test")
    begun, go_on = threading.Event(), threading.Event()

    def die():
        begun.set()
        go_on.wait()
        sys.exit("the thread ends here")

    with caplog.at_level(logging.CRITICAL):
        died, waiting = worker.submit(die), worker.submit(threading.get_ident)
        begun.wait()
        go_on.set()
        with pytest.raises(WorkerDiedError, match="the thread ends here"):
            await asyncio.wait_for(asyncio.wrap_future(died), 10)
        first = await asyncio.wait_for(asyncio.wrap_future(waiting), 10)
        second = await asyncio.wait_for(asyncio.wrap_future(worker.submit(threading.get_ident)), 10)

    assert first == second  # one thread, and not one more for each death
    assert [record.message for record in caplog.records] == ["test died and is restarted"]
    worker.close()


def process():
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


def test_a_process_that_has_ended_is_not_alive_even_if_nobody_has_collected_it():
    child = process()
    before = is_alive(child.pid)
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    uncollected = is_alive(child.pid)
    child.wait()

    assert (before, uncollected, is_alive(child.pid)) == (True, False, False)
    assert is_alive(os.getpid())
    assert is_alive(1)


def test_the_end_of_a_process_is_told_once_it_is_gone():
    child, gone = process(), threading.Event()
    watched = watch_process(child.pid, gone.set, interval=0.01)
    early = gone.wait(0.1)
    child.stdin.close()
    child.wait()

    assert (watched, early, gone.wait(10)) == (True, False, True)


def test_what_cannot_be_seen_is_not_watched():
    child = process()
    child.stdin.close()
    child.wait()

    assert not any(watch_process(number, pytest.fail) for number in (None, 0, -1, child.pid))


def test_the_end_of_the_input_is_told():
    reading, writing = os.pipe()
    os.write(writing, b"a\nbc")
    os.close(writing)
    ended = []
    with os.fdopen(reading, "rb") as source:
        incoming = Incoming(source, lambda: ended.append(True))
        read = [incoming.readline(), incoming.read(2)]
        before = list(ended)
        read.append(incoming.readline())

    assert (read, before, ended) == ([b"a\n", b"bc", b""], [], [True])
