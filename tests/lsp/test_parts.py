"""The parts of the server that need no process: texts in, texts out."""

import asyncio
import io
import logging
import threading
from dataclasses import replace

import pytest
from lsprotocol import types
from tests.lsp.editor import CLIENTS, capabilities_of

from setsquare.findings import Problem, ProblemKind
from setsquare.lsp.buffers import changed
from setsquare.lsp.client import Client
from setsquare.lsp.convert import Lines, bytes_of, mistake_of, path_of, remark_of, uri_of, workspace_edit
from setsquare.lsp.features.registration import registrations
from setsquare.lsp.moving import grown, moved
from setsquare.lsp.protocol import ContentModifiedError, Outgoing, without_expected_errors
from setsquare.lsp.settings import Settings, declarations
from setsquare.lsp.worker import Worker
from setsquare.model import Place
from setsquare.rules.decoding import Mistake
from setsquare.rules.rule import Severity
from setsquare.text import Edit, Span, difference

# --------------------------------------------------------------------- names and positions


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///a/b%20c/m%C3%A4in.tf", "/a/b c/mäin.tf"),
        ("file:///c%3A/infra/main.tf", "c:/infra/main.tf"),
        ("untitled:Untitled-1", None),
        ("git:/a/main.tf", None),
    ],
)
def test_paths_of_uris(uri, path):
    assert path_of(uri) == path


def test_a_uri_leads_back_to_its_path():
    assert path_of(uri_of("/a/b c/mäin.tf")) == "/a/b c/mäin.tf"


SOURCE = "a = 1\r\né𝒳 = 2\n".encode()


@pytest.mark.parametrize(
    ("encoding", "column", "offset"),
    [
        ("utf-8", 2, 9),
        ("utf-8", 6, 13),
        ("utf-8", 4, 9),  # inside of a character: its start
        ("utf-16", 3, 13),
        ("utf-32", 2, 13),
        ("utf-16", 99, 17),  # beyond the end of the line: its end
    ],
)
def test_offsets_of_positions(encoding, column, offset):
    assert Lines(SOURCE, encoding).offset(types.Position(1, column)) == offset


def test_ranges_that_are_the_wrong_way_round_or_outside_are_put_right():
    lines = Lines(SOURCE, "utf-16")
    wanted = types.Range(types.Position(9, 9), types.Position(0, 4))

    assert lines.span(wanted) == Span(4, len(SOURCE))


def test_half_a_surrogate_pair_becomes_a_character_of_its_own():
    assert bytes_of("a\ud83db") == "a\ufffdb".encode()


# --------------------------------------------------------------------- buffers


def partial(start, end, text):
    where = types.Range(types.Position(*start), types.Position(*end))
    return types.TextDocumentContentChangePartial(where, text)


def test_changes_are_applied_one_after_the_other():
    source, strokes = changed(SOURCE, [partial((0, 4), (0, 5), "11"), partial((1, 3), (1, 3), "!")], "utf-16")

    assert source == "a = 11\r\né𝒳! = 2\n".encode()
    assert [(stroke.edit.new, stroke.removed) for stroke in strokes] == [(b"11", b"1"), (b"!", b"")]


@pytest.mark.parametrize(
    ("old", "new", "edit"),
    [
        (b"abc", b"abXc", Edit(Span(2, 2), b"X")),
        (b"aaa", b"aaaa", Edit(Span(3, 3), b"a")),
        (b"abc", b"ac", Edit(Span(1, 2), b"")),
        (b"abc", b"abc", Edit(Span(3, 3), b"")),
        (b"", b"x", Edit(Span(0, 0), b"x")),
        (b"x", b"", Edit(Span(0, 1), b"")),
    ],
)
def test_a_whole_text_becomes_the_edit_that_it_was(old, new, edit):
    assert difference(old, new) == edit


# --------------------------------------------------------------------- moving


@pytest.mark.parametrize(
    ("edit", "where"),
    [
        (Edit(Span(0, 2), b"xyz"), Span(11, 21)),
        (Edit(Span(10, 10), b"x"), Span(11, 21)),
        (Edit(Span(20, 20), b"x"), Span(10, 20)),
        (Edit(Span(12, 13), b""), None),
        (Edit(Span(5, 11), b""), None),
    ],
)
def test_a_stretch_moves_unless_it_is_edited(edit, where):
    assert moved(Span(10, 20), edit) == where


@pytest.mark.parametrize(
    ("edit", "where"),
    [
        (Edit(Span(0, 2), b"xyz"), Span(11, 21)),
        (Edit(Span(20, 20), b"x"), Span(10, 21)),
        (Edit(Span(12, 13), b""), Span(10, 19)),
        (Edit(Span(5, 11), b""), Span(5, 14)),
        (Edit(Span(18, 25), b""), Span(10, 18)),
        (Edit(Span(30, 31), b""), Span(10, 20)),
    ],
)
def test_a_stretch_grows_with_what_is_written_in_it(edit, where):
    assert grown(Span(10, 20), edit) == where


# --------------------------------------------------------------------- what is sent


def test_problems_that_are_not_the_authors_are_no_remarks():
    lines = Lines(b"# setsquare:ignore x\n", "utf-16")
    remark = Problem("/main.tf", "no rule is called x", Place("/main.tf", Span(19, 20)))

    assert remark_of(remark, lines).range == types.Range(types.Position(0, 19), types.Position(0, 20))
    assert remark_of(replace(remark, place=None), lines) is None
    assert remark_of(replace(remark, kind=ProblemKind.SYNTAX), lines) is None
    assert remark_of(replace(remark, kind=ProblemKind.FAULT), lines) is None


def test_a_mistake_stands_where_it_is():
    lines = Lines(b"policy: 2\n", "utf-16")
    mistake = Mistake("/setsquare.yaml", 1, 9, "found 2, expected 1", Span(8, 9))

    shown = mistake_of(mistake, lines)
    assert (shown.code, shown.message, shown.range.start) == ("policy", "found 2, expected 1", types.Position(0, 8))


@pytest.mark.parametrize(
    ("client", "confirm", "sent"),
    [
        (Client(), "why", "changes"),
        (Client(document_changes=True), "why", "versioned"),
        (Client(document_changes=True, annotates=True), "why", "annotated"),
        (Client(document_changes=True, annotates=True), None, "versioned"),
        (Client(annotates=True), "why", "changes"),
    ],
)
def test_edits_as_the_client_can_take_them(client, confirm, sent):
    path, source = "/main.tf", b"a = 1\n"
    edits, lines = {path: (Edit(Span(4, 5), b"2"),)}, {path: Lines(source, "utf-16")}
    edit = workspace_edit(edits, lines, {path: "file:///main.tf"}, {path: 3}, client, confirm)

    where = types.Range(types.Position(0, 4), types.Position(0, 5))
    if sent == "changes":
        assert edit == types.WorkspaceEdit(changes={"file:///main.tf": [types.TextEdit(where, "2")]})
        return
    (change,) = edit.document_changes
    assert (change.text_document.uri, change.text_document.version) == ("file:///main.tf", 3)
    annotations = edit.change_annotations or {}
    assert [annotation.label for annotation in annotations.values()] == (["why"] if sent == "annotated" else [])
    made = types.AnnotatedTextEdit("setsquare.confirm", where, "2") if annotations else types.TextEdit(where, "2")
    assert list(change.edits) == [made]


# --------------------------------------------------------------------- clients and settings


@pytest.mark.parametrize("name", CLIENTS)
def test_what_is_asked_of_a_client_is_what_it_offers(name):
    capabilities = capabilities_of(name)
    client = Client.of(capabilities)

    watches = "didChangeWatchedFiles" in {r.method.rsplit("/", 1)[1] for r in registrations(client)}
    offered = capabilities.workspace.did_change_watched_files
    assert watches == bool(offered and offered.dynamic_registration)
    assert client.pulls == (capabilities.text_document.diagnostic is not None)


def test_a_client_that_says_nothing_can_do_nothing():
    assert Client.of(types.ClientCapabilities()) == Client()


@pytest.mark.parametrize(
    ("sources", "settings"),
    [
        ((), Settings()),
        ((None, ["x"], {"unheard": 1}), Settings()),
        (({"quietTime": 0},), Settings(quiet_time=0)),
        (({"quietTime": 250}, {"setsquare": {"quietTime": None}}), Settings(quiet_time=0.25)),
        (({"setsquare": {"minimumSeverity": "high"}},), Settings(minimum_severity=Severity.HIGH)),
        (({"showUnknown": True}, {"showUnknown": False}), Settings()),
        (({"policyPath": "p.yaml"},), Settings(policy_path="p.yaml")),
        (({"policyPath": "p.yaml"}, {"policyPath": ""}), Settings()),
        (({"frameworks": ["fsbp"]},), Settings(frameworks=frozenset({"fsbp"}))),
        (({"frameworks": ["fsbp"]}, {"frameworks": []}), Settings()),
        (({"workspaceCheck": False, "codeLens": True},), Settings(workspace_check=False, code_lens=True)),
    ],
)
def test_settings_of_several_sources(sources, settings):
    assert Settings.of(*sources) == settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("quietTime", -1),
        ("quietTime", "fast"),
        ("minimumSeverity", "worst"),
        ("frameworks", ["fsbp", "none"]),
        ("frameworks", "fsbp"),
        ("showUnknown", "yes"),
        ("policyPath", 1),
    ],
)
def test_of_a_setting_that_makes_no_sense_the_default_is_used(name, value):
    settings, faults = Settings.read({"minimumSeverity": "low", name: value})

    assert settings == Settings()
    assert [fault.partition(", expected")[0] for fault in faults] == [f"the setting {name} cannot be {value!r}"]


def test_a_wrong_setting_is_told_with_what_was_expected_and_what_is_used():
    _, faults = Settings.read({"quietTime": True, "minimumSeverty": "low", "trace": "off"})

    assert faults == (
        "there is no setting minimumSeverty; did you mean minimumSeverity?",
        "the setting quietTime cannot be true, expected a number of milliseconds, 0 or more; the default 1000 is used",
    )


def test_each_setting_is_described_for_editors():
    schemas = {setting.name: setting.schema() for setting in declarations()}

    assert schemas["minimumSeverity"]["enum"] == ["critical", "high", "medium", "low"]
    assert schemas["frameworks"]["type"] == "array"
    assert "fsbp" in schemas["frameworks"]["items"]["enum"]
    assert (schemas["quietTime"]["minimum"], schemas["quietTime"]["default"]) == (0, 1000)
    assert all(Settings.read({name: schema.get("default", "")}) == (Settings(), ()) for name, schema in schemas.items())


# --------------------------------------------------------------------- threads


async def test_the_worker_works_in_order_and_hands_over_what_is_raised():
    worker = Worker("test")
    seen = []
    first = worker.submit(lambda: seen.append(1))
    failed = worker.submit(lambda: 1 // 0)
    last = worker.submit(lambda: seen.append(2))
    await asyncio.wrap_future(last)

    assert seen == [1, 2]
    assert first.result() is None
    with pytest.raises(ZeroDivisionError):
        failed.result()
    worker.close()


async def test_a_closed_worker_drops_what_has_not_begun():
    worker = Worker("test")
    begun, go_on = threading.Event(), threading.Event()
    running = worker.submit(lambda: (begun.set(), go_on.wait()))
    cancelled, dropped = worker.submit(lambda: 1), worker.submit(lambda: 2)
    begun.wait()
    cancelled.cancel()
    worker.close()
    go_on.set()

    await asyncio.wrap_future(running)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wrap_future(dropped)
    assert worker.submit(lambda: 3).cancelled()


async def test_work_that_nobody_waits_for_any_more_is_not_begun():
    worker = Worker("test")
    begun, go_on, seen = threading.Event(), threading.Event(), []
    worker.submit(lambda: (begun.set(), go_on.wait()))
    cancelled, last = worker.submit(lambda: seen.append(1)), worker.submit(lambda: seen.append(2))
    begun.wait()
    cancelled.cancel()
    go_on.set()
    await asyncio.wrap_future(last)

    assert seen == [2]
    worker.close()


class Gone(io.BytesIO):
    def write(self, _data):
        raise BrokenPipeError


def test_what_is_queued_is_written_before_the_end():
    out = io.BytesIO()
    outgoing = Outgoing(out)

    assert outgoing.write(b"abc") == 3
    outgoing.write(b"def")
    outgoing.flush()
    outgoing.close()
    assert out.getvalue() == b"abcdef"


def test_a_client_that_is_gone_is_no_error():
    outgoing = Outgoing(Gone())
    outgoing.write(b"abc")
    outgoing.close()


def test_that_a_document_has_moved_on_is_not_logged():
    def record(error):
        return logging.LogRecord("x", logging.ERROR, "x", 1, "x", (), (type(error), error, None))

    assert without_expected_errors(record(ValueError()))
    assert not without_expected_errors(record(ContentModifiedError("moved")))
    assert without_expected_errors(logging.LogRecord("x", logging.ERROR, "x", 1, "x", (), None))
