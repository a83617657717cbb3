"""A session without a connection: what is contained, what is proven before it is offered, what the texts say."""

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from tests.lsp.editor import codes
from tests.small_rules import a_thing, catalogue, module, only, rule, thing

from setsquare.checking import ProvenPlan
from setsquare.fixes import Plan
from setsquare.lsp.buffers import Buffer
from setsquare.lsp.client import Client
from setsquare.lsp.convert import uri_of
from setsquare.lsp.features import code_actions, diagnostics, hover, registration
from setsquare.lsp.features.background import Progress, check_workspace
from setsquare.lsp.features.hover import Style, finding_texts, requirements
from setsquare.lsp.features.publishing import Publisher
from setsquare.lsp.session import Session
from setsquare.lsp.settings import Settings
from setsquare.lsp.titles import fix_title
from setsquare.proof import Check, Proof
from setsquare.rules.rule import Severity
from setsquare.workspace import Workspace

LOCKED = thing("locked: true", "test-locked")
SHUT = thing("shut: true", "test-shut", "impact: {terraform: replaces, cloudformation: replaces, note: Plan a move.}")
OPEN = a_thing("locked = false\nshut   = false")
EVERYWHERE = types.Range(types.Position(0, 0), types.Position(99, 0))
INVOKED = types.CodeActionContext([])


@pytest.fixture
async def start_session(tmp_path):
    """Starts sessions over the folder of the test."""
    started = []

    def start_one(*rules, client=None, **settings):
        workspace = Workspace.open([str(tmp_path)], catalogue(*rules))
        started.append(Session(workspace, client or Client(), settings=Settings(quiet_time=0, **settings)))
        return started[-1]

    yield start_one
    for session in started:
        session.close()


def opened(session, path, text, version=1):
    session.open(Buffer(uri_of(str(path)), str(path), version, text.encode()))
    return str(path)


async def shown(session, path):
    pulled = await diagnostics.pull(session, diagnostics.Told(), path, None)
    return pulled.report.items


def asked(path, context=INVOKED):
    return types.CodeActionParams(types.TextDocumentIdentifier(uri_of(path)), EVERYWHERE, context)


# --------------------------------------------------------------------- what fails is contained


async def test_a_rule_that_raises_is_named_once_and_the_others_go_on(start_session, tmp_path, monkeypatch, caplog):
    from setsquare import analysis  # noqa: PLC0415 - the one place to break it

    judge = analysis.judge

    def broken(rule, *arguments):
        if rule.id == "test-shut":
            message = "a fault"
            raise ValueError(message)
        return judge(rule, *arguments)

    monkeypatch.setattr(analysis, "judge", broken)
    session = start_session(LOCKED, SHUT)
    path = opened(session, tmp_path / "main.tf", OPEN)
    first = await shown(session, path)
    opened(session, tmp_path / "main.tf", OPEN + "\n", 2)

    assert codes(first) == codes(await shown(session, path)) == ["test-locked"]
    assert caplog.text.count("rule test-shut failed on test_thing.x: ValueError: a fault") == 1


async def test_a_unit_that_cannot_be_analysed_is_shown_empty_and_the_session_lives(
    start_session, tmp_path, monkeypatch, caplog
):
    session = start_session(LOCKED)
    path = opened(session, tmp_path / "main.tf", OPEN)
    with monkeypatch.context() as patched:
        patched.setattr(Workspace, "analyse_edited", lambda *_: 1 // 0)
        failed = await shown(session, path)
        opened(session, tmp_path / "main.tf", OPEN, 2)
        await shown(session, path)
    opened(session, tmp_path / "main.tf", OPEN, 3)

    assert failed == []
    assert caplog.text.count("could not be analysed: ZeroDivisionError") == 1
    assert codes(await shown(session, path)) == ["test-locked"]


async def test_what_cannot_be_shown_is_logged_and_shown_the_next_time(start_session, tmp_path, monkeypatch, caplog):
    session, sent = start_session(LOCKED), []
    publisher = Publisher(session, sent.append)
    path = opened(session, tmp_path / "main.tf", OPEN)
    with monkeypatch.context() as patched:
        patched.setattr(Session, "is_current", lambda *_: 1 // 0)
        publisher.schedule(path)
        publisher.schedule(path)
        await session.changed(0.2)
    publisher.schedule(path)
    await session.changed(0.2)

    assert f"the findings of {path} could not be shown" in caplog.text
    assert [codes(params.diagnostics) for params in sent] == [["test-locked"]]


# --------------------------------------------------------------------- proof before offer


@pytest.mark.parametrize("client", [Client(), Client(resolves_edits=True, shows_disabled=True)])
async def test_a_fix_that_fails_its_proof_is_not_offered_and_is_logged(
    start_session, tmp_path, monkeypatch, caplog, client
):
    failed = Proof((Check("the finding is gone", passed=False, detail="test-locked on test_thing.x"),))
    monkeypatch.setattr(
        "setsquare.lsp.session.proof_of",
        lambda _workspace, _checked, findings: ProvenPlan(Plan({}, tuple(findings), ()), failed),
    )
    session = start_session(LOCKED, client=client)
    path = opened(session, tmp_path / "main.tf", OPEN)
    only_quick = types.CodeActionContext([], ["quickfix"])
    said = await hover.hover(session, path, types.Position(1, 12))

    actions = await code_actions.offer(session, path, asked(path, only_quick))
    usable = [action for action in actions if action.disabled is None]
    assert [action.title for action in usable] == [
        "Suppress test-locked here, with a reason",
        "Explain test-locked",
    ]
    assert [action.disabled.reason for action in actions if action.disabled] == (
        ["the planned fix did not pass its proof"] if client.shows_disabled else []
    )
    assert "No fix: the planned one did not pass its proof." in said.contents.value
    assert caplog.text.count("the fix of test-locked failed its proof (the finding is gone: test-locked on") == 1


@pytest.mark.parametrize("case", ["broken", "outdated"])
async def test_a_proof_that_could_not_hold_is_no_fault_of_the_rule(start_session, tmp_path, monkeypatch, caplog, case):
    failed = Proof((Check("another parser reads the result", passed=False, detail="it does not"),))
    monkeypatch.setattr(
        "setsquare.lsp.session.proof_of",
        lambda _workspace, _checked, findings: ProvenPlan(Plan({path: ()}, tuple(findings), ()), failed),
    )
    session = start_session(LOCKED)
    path = opened(session, tmp_path / "main.tf", OPEN + ('resource "test_thing" "y" {\n' if case == "broken" else ""))
    snapshot = await session.current(path)
    (finding,) = snapshot.findings
    if case == "outdated":
        session.touch(path)
    made = await session.proven(snapshot, finding)

    assert not made.proof.holds
    assert "failed its proof" not in caplog.text


async def test_groups_are_offered_beside_the_quick_fixes(start_session, tmp_path):
    session = start_session(LOCKED, thing("barred: true", "test-barred"), SHUT)
    path = opened(session, tmp_path / "main.tf", a_thing("locked = false") + a_thing("locked = false", "y"))
    actions = await code_actions.offer(session, path, asked(path))

    titles = [action.title for action in actions]
    assert "Secure test_thing.x (2 fixes)" in titles
    assert "Fix all 2 findings of test-locked in this file" in titles
    assert titles[-1] == "Fix all safe findings in this file"
    secured = actions[titles.index("Secure test_thing.x (2 fixes)")]
    assert codes(secured.diagnostics) == ["test-barred", "test-locked"]
    assert not secured.is_preferred


@pytest.mark.parametrize(
    ("only_kinds", "trigger", "kinds"),
    [
        (None, types.CodeActionTriggerKind.Invoked, {"quickfix", "source.fixAll.setsquare"}),
        (None, types.CodeActionTriggerKind.Automatic, {"quickfix"}),
        ([""], None, {"quickfix", "source.fixAll.setsquare"}),
        (["quickfix"], None, {"quickfix"}),
        (["source"], None, {"source.fixAll.setsquare"}),
        (["source.fixAll"], None, {"source.fixAll.setsquare"}),
        (["source.fixAll.setsquare"], None, {"source.fixAll.setsquare"}),
        (["source.fixAll.other"], None, set()),
        (["refactor"], None, set()),
    ],
)
async def test_kinds_that_are_asked_for(start_session, tmp_path, only_kinds, trigger, kinds):
    session = start_session(LOCKED, client=Client(shows_disabled=True))
    path = opened(session, tmp_path / "main.tf", OPEN)
    actions = await code_actions.offer(session, path, asked(path, types.CodeActionContext([], only_kinds, trigger)))

    assert {action.kind for action in actions} == kinds


async def test_what_is_not_severe_enough_is_not_spoken_of(start_session, tmp_path):
    session = start_session(LOCKED, minimum_severity=Severity.CRITICAL)
    path = opened(session, tmp_path / "main.tf", OPEN)

    assert await shown(session, path) == []
    assert await code_actions.offer(session, path, asked(path)) == []
    assert await hover.hover(session, path, types.Position(1, 12)) is None


# --------------------------------------------------------------------- what the texts say


@pytest.mark.parametrize(
    ("state", "body", "title"),
    [
        ("locked: true", "locked = false", "Set locked to true"),
        ("locked: true", "", "Add locked = true"),
        ("door: {locked: true}", "", "Add door.locked = true"),
        ("doors: {$contains: [a, b]}", 'doors = ["a"]', "Complete doors"),
        (
            "from: {$excludes: any_address, $replace: [10.0.0.0/8]}",
            'from = ["0.0.0.0/0"]',
            "Replace the open range in from",
        ),
        (
            "from: {$excludes: any_address, $replace: []}",
            'from = ["0.0.0.0/0", "10.0.0.0/8"]',
            "Remove the open range from from",
        ),
        ("key: {$absent: true}", 'key = "a"', "Remove key"),
        ("a: 1\nb: 2", "a = 3\nb = 4", "Set a to 1 and 1 more"),
        (f"a: {'x' * 61}", "a = 3", "Set a to the secure value"),
    ],
)
def test_titles(state, body, title):
    assert fix_title(only(module(a_thing(body), thing(state)).analyse())) == title


def test_a_title_names_the_cost():
    finding = only(module(OPEN, SHUT).analyse())

    assert fix_title(finding) == "Set shut to true (replaces the resource)"


COMPANION = rule(
    """
    terraform:
      - resource: test_thing
        companions:
          - resource: test_guard
            link: {thing: [id]}
            state: {awake: true}
    """,
    "test-guarded",
)


def test_the_title_of_a_new_resource():
    assert fix_title(only(module(a_thing(""), COMPANION).analyse())) == "Add test_guard x"


def test_a_finding_without_a_fix_has_a_title_as_well():
    locked = rule(
        """
        terraform:
          - resource: test_thing
            state: {locked: true}
            fix: {none: needs-design, reason: Nobody knows.}
        """,
    )

    assert fix_title(only(module(OPEN, locked).analyse())) == "Fix test-thing-right"


async def test_hover_of_a_finding_without_a_fix_and_of_what_is_fulfilled(start_session, tmp_path):
    unfixable = rule(
        """
        frameworks: {fsbp: [T.1], other: ["1.2", "3"]}
        terraform:
          - resource: test_thing
            state: {shut: true}
            fix: {none: needs-design, reason: Nobody knows.}
        """,
        "test-shut",
    )
    session = start_session(LOCKED, unfixable, client=Client(markdown=True))
    path = opened(session, tmp_path / "main.tf", a_thing("locked = true\nshut   = false\nother  = 1"))
    good = await hover.hover(session, path, types.Position(1, 12))
    bad = await hover.hover(session, path, types.Position(2, 12))

    assert good.contents.value == "✓ **Things are right** (`test-locked`)"
    assert bad.contents.value.split("\n\n")[-2:] == [
        "Required by AWS FSBP T.1 · other 1.2, 3.",
        "No fix: Nobody knows.",
    ]
    assert await hover.hover(session, path, types.Position(3, 12)) is None
    assert await hover.hover(session, str(tmp_path / "notes.txt"), types.Position(0, 0)) is None
    assert requirements(unfixable) == "AWS FSBP T.1 · other 1.2, 3"


async def test_a_hover_names_cost_note_and_proof(start_session, tmp_path):
    session = start_session(SHUT)
    path = opened(session, tmp_path / "main.tf", a_thing("shut = false"))
    snapshot = await session.current(path)
    (finding,) = snapshot.findings
    texts = list(finding_texts(finding, snapshot, await session.proven(snapshot, finding), Style(markdown=False)))

    assert texts == [
        "Things are right · high · test-shut",
        "test_thing.x: shut is false, expected true. Things are right.",
        "why",
        "Impact of the fix: replaces. Plan a move. Proof: 5/5.",
        '@@ -1,3 +1,3 @@\n resource "test_thing" "x" {\n-  shut = false\n+  shut = true\n }',
    ]


# --------------------------------------------------------------------- clients that refuse


class Refusing:
    """A client that answers every request with an error."""

    def __init__(self):
        self.tokens = {}

    async def _refuse(self, *_):
        message = "no"
        raise JsonRpcException(message)

    create_async = client_register_capability_async = workspace_configuration_async = _refuse


async def test_a_client_that_refuses_is_served_without(start_session, tmp_path, caplog):
    session, sent, refusing = start_session(LOCKED), [], Refusing()
    able = Client(registers_watches=True, registers_settings=True, has_settings=True)
    (tmp_path / "main.tf").write_text(OPEN, encoding="utf-8")
    await registration.register(refusing, able)
    settings = await registration.settings_of(refusing, able)
    await check_workspace(session, sent.append, Progress(refusing, shown=True))

    assert settings is None
    assert "the client registers nothing" in caplog.text
    assert "the client does not tell its settings" in caplog.text
    assert [len(snapshot.findings) for snapshot in sent] == [1]


async def test_an_empty_workspace_needs_no_progress(start_session):
    session, sent = start_session(LOCKED), []
    await check_workspace(session, sent.append, Progress(Refusing(), shown=True))

    assert sent == []


async def test_settings_of_a_client_that_has_none_for_this_server():
    class Silent:
        async def workspace_configuration_async(self, _params):
            return []

    assert await registration.settings_of(Silent(), Client(has_settings=True)) is None
    assert await registration.settings_of(Silent(), Client()) is None
