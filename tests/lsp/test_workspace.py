"""Folders, files on disk, policies, settings: what is not in the open document and changes what is shown of it."""

import asyncio
import shutil

import pytest
from lsprotocol import types
from tests.lsp.editor import CLIENTS, codes, one
from tests.lsp.texts import BLOCKED, BUCKET, DATABASE, ENCRYPTED, PUBLIC

PUSH, PULL = "neovim-0.7", "vscode-languageclient-11"
BOTH = pytest.mark.parametrize("name", [PUSH, PULL])
DISABLED = f"policy: 1\nrules:\n  disable:\n    - {{rule: {PUBLIC}, reason: a test}}\n"
UNKNOWN = 'variable "open" {}\n' + BUCKET.replace("= false", "= !var.open")


def is_found(found):
    return PUBLIC in codes(found)


def is_not_found(found):
    return PUBLIC not in codes(found)


def are_hints(found):
    return {each.severity for each in found if each.code == PUBLIC} == {types.DiagnosticSeverity.Hint}


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# --------------------------------------------------------------------- the whole workspace


@BOTH
async def test_files_that_are_not_open_are_checked(start_editor, workspace, name):
    path = write(workspace / "module" / "main.tf", BUCKET)
    ignored = write(workspace / ".terraform" / "modules" / "main.tf", BUCKET)
    editor = await start_editor(name, workspace)

    assert await editor.shown_of(path, is_found)
    assert not editor.published[ignored.as_uri()]


@pytest.mark.parametrize("name", [name for name in CLIENTS if name.startswith(("neovim-0.7", "vscode"))])
async def test_progress_is_shown_and_ends(start_editor, workspace, name):
    for number in range(3):
        write(workspace / f"module{number}" / "main.tf", BUCKET)
    editor = await start_editor(name, workspace)
    await editor.shown_of(workspace / "module2" / "main.tf", is_found)
    await editor.until(lambda: any(value["kind"] == "end" for _, value in editor.progress), "the end of the progress")

    kinds = [value["kind"] for _, value in editor.progress]
    assert kinds == ["begin", "report", "report", "report", "end"]
    assert editor.progress[0][1]["cancellable"]


async def test_the_check_can_be_cancelled(start_editor, workspace):
    for number in range(150):
        write(workspace / f"module{number:03}" / "main.tf", BUCKET + DATABASE)
    editor = await start_editor(PUSH, workspace)
    await editor.until(lambda: len(editor.progress) > 1, "progress")
    token = editor.progress[0][0]
    editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
    await editor.until(lambda: editor.progress[-1][1]["kind"] == "end", "the end of the progress")

    assert len(editor.progress) < 150
    assert not editor.published[(workspace / "module149" / "main.tf").as_uri()]


async def test_a_pull_of_the_workspace_comes_in_parts_and_then_says_what_is_new(start_editor, workspace):
    path = write(workspace / "a" / "main.tf", BUCKET)
    write(workspace / "b" / "main.tf", BUCKET)
    editor = await start_editor(PULL, workspace)
    editor.client.progress_reports[7] = []
    rest = await editor.pull_workspace(token=7)
    parts = [item for token, value in editor.progress if token == 7 for item in value["items"]]
    previous = [types.PreviousResultId(item["uri"], item["resultId"]) for item in parts]
    same = await editor.pull_workspace(previous)
    document = editor.open(path)
    editor.change(document, "= false", "= true")
    news = await editor.pull_workspace(previous)
    path.unlink()
    editor.close(document)
    editor.changed_on_disk(path, types.FileChangeType.Deleted)
    gone = await editor.pull_workspace(previous)

    assert not rest.items
    assert len(parts) == 2
    assert all(PUBLIC in {found["code"] for found in part["items"]} for part in parts)
    assert [item.kind for item in same.items] == ["unchanged", "unchanged"]
    assert [(item.kind, item.uri.rsplit("/", 2)[1]) for item in news.items] == [("full", "a"), ("unchanged", "b")]
    assert PUBLIC not in codes(news.items[0].items)
    assert [(item.uri, list(item.items)) for item in gone.items if item.kind == "full"] == [(path.as_uri(), [])]


async def test_a_question_that_nothing_is_new_for_waits_for_news(start_editor, workspace):
    path = write(workspace / "main.tf", BUCKET)
    editor = await start_editor(PULL, workspace)
    document = editor.open(path)
    first = await editor.pull_workspace()
    previous = [types.PreviousResultId(item.uri, item.result_id) for item in first.items]
    waiting = editor.pull_workspace(previous)
    editor.change(document, "= false", "= true")

    assert [item.kind for item in (await waiting).items] == ["full"]


# --------------------------------------------------------------------- the disk


@BOTH
async def test_a_change_on_disk_is_seen(start_editor, workspace, name):
    path = write(workspace / "main.tf", BUCKET)
    editor = await start_editor(name, workspace)
    await editor.shown_of(path, is_found)
    write(path, BLOCKED)
    editor.changed_on_disk(path)
    await editor.shown_of(path, is_not_found)
    other = write(workspace / "new" / "main.tf", BUCKET)
    editor.changed_on_disk(other, types.FileChangeType.Created)

    assert await editor.shown_of(other, is_found)


@BOTH
async def test_a_deleted_folder_is_cleared(start_editor, workspace, name):
    path = write(workspace / "module" / "main.tf", BUCKET)
    editor = await start_editor(name, workspace)
    await editor.shown_of(path, is_found)
    path.unlink()
    path.parent.rmdir()
    editor.changed_on_disk(path.parent, types.FileChangeType.Deleted)
    editor.changed_on_disk(path, types.FileChangeType.Deleted)

    assert await editor.shown_of(path, lambda found: not found) == []


async def test_changes_are_asked_for_where_the_client_offers_it(start_editor, workspace):
    asking = await start_editor(PULL, workspace)
    silent = await start_editor("ale-3.3", workspace)
    await asking.until(lambda: len(asking.registered) > 1, "the registrations")

    assert asking.registered == {"workspace/didChangeWatchedFiles", "workspace/didChangeConfiguration"}
    assert silent.registered == set()


async def test_a_buffer_wins_over_the_disk_also_for_its_neighbours(start_editor, workspace):
    variables = write(workspace / "variables.tf", 'variable "blocked" {\n  default = true\n}\n')
    write(workspace / "main.tf", BUCKET.replace("= false", "= var.blocked"))
    editor = await start_editor(PUSH, workspace)
    document = editor.open(variables)
    await editor.findings(document)
    editor.change(document, "true", "false")
    shown = await editor.shown_of(workspace / "main.tf", is_found)

    found = one(shown, PUBLIC)
    assert [place.location.uri for place in found.related_information] == [variables.as_uri()]


# --------------------------------------------------------------------- other files of a module

VARIABLE = 'variable "blocked" {\n  default = true\n}\n'
USER = BUCKET.replace("= false", "= var.blocked")


async def test_a_client_that_takes_them_gets_the_diagnostics_of_related_documents(start_editor, workspace):
    user = write(workspace / "main.tf", USER)
    editor = await start_editor(PULL, workspace, related=True)
    document = editor.open(write(workspace / "variables.tf", VARIABLE))
    await editor.findings(document)
    editor.change(document, "true", "false")
    report = await editor.report(document)
    (uri,) = report.related_documents
    told_twice = await editor.report(document)
    editor.change(document, "false", "true")
    back = (await editor.report(document)).related_documents

    assert uri == user.as_uri()
    assert is_found(report.related_documents[uri].items)
    assert told_twice.related_documents is None
    assert is_not_found(back[uri].items)


async def test_another_client_is_told_to_ask_again_for_what_is_open_and_changed(start_editor, workspace):
    editor = await start_editor(PULL, workspace)
    user = editor.open(write(workspace / "main.tf", USER))
    document = editor.open(write(workspace / "variables.tf", VARIABLE))
    stranger = editor.open(write(workspace / "other" / "main.tf", BUCKET))
    before = [await editor.findings(each) for each in (user, document, stranger)]
    told = editor.client.diagnostic_refresh_count
    editor.replace(document, 0, 0, "# nothing that matters\n")
    await editor.findings(document)
    editor.replace(stranger, 0, 0, "# elsewhere\n")
    await editor.findings(stranger)
    in_vain = editor.client.diagnostic_refresh_count - told
    editor.change(document, "true", "false")
    report = await editor.report(document)
    await editor.until(lambda: editor.client.diagnostic_refresh_count > told, "a refresh")

    assert is_not_found(before[0])
    assert in_vain == 0
    assert report.related_documents is None
    assert is_found(await editor.findings(user))


async def test_a_saved_file_keeps_its_findings_when_it_is_closed(start_editor, workspace):
    path = write(workspace / "main.tf", BUCKET)
    editor = await start_editor(PUSH, workspace)
    document = editor.open(path)
    await editor.finding(document, PUBLIC)
    editor.replace(document, 0, 0, "# saved\n")
    write(path, document.text)
    editor.save(document)
    await editor.finding(document, PUBLIC)
    editor.close(document)
    other = editor.open(write(workspace / "other" / "main.tf", BUCKET))
    await editor.finding(other, PUBLIC)
    kept = list(editor.published[document.uri])
    path.unlink()
    editor.deleted(path)
    await editor.shown_of(path, lambda found: not found)

    assert is_found(kept[-1].diagnostics)
    assert kept[-1].version == 2


async def test_a_file_that_is_closed_without_saving_or_outside_is_cleared(start_editor, workspace, tmp_path):
    editor = await start_editor(PUSH, workspace)
    unsaved = editor.open(write(workspace / "main.tf", BLOCKED))
    outside = editor.open(write(tmp_path / "outside" / "main.tf", BUCKET))
    editor.change(unsaved, "= true # for now", "= false # for now")
    for document in (unsaved, outside):
        await editor.finding(document, PUBLIC)
        editor.close(document)
        await editor.until(lambda each=document: not editor.published[each.uri][-1].diagnostics, "an empty list")


async def test_a_file_outside_the_folders_is_judged_while_it_is_open_and_its_neighbours_are_not_shown(
    start_editor, workspace, tmp_path
):
    beside = write(tmp_path / "outside" / "beside.tf", BUCKET.replace('"data"', '"more"').replace(".data.", ".more."))
    editor = await start_editor(PUSH, workspace)
    document = editor.open(write(tmp_path / "outside" / "main.tf", BUCKET))

    assert is_found(await editor.findings(document))
    assert not editor.published[beside.as_uri()]


# --------------------------------------------------------------------- files and folders that come and go


@BOTH
async def test_files_that_are_created_renamed_and_deleted_in_the_editor(start_editor, workspace, name):
    editor = await start_editor(name, workspace)
    first = write(workspace / "first" / "main.tf", BUCKET)
    editor.created(first)
    await editor.shown_of(first, is_found)
    second = workspace / "first" / "renamed.tf"
    editor.renamed(first, second)
    await editor.shown_of(second, is_found)
    await editor.shown_of(first, lambda found: not found)
    second.unlink()
    editor.deleted(second)
    await editor.shown_of(second, lambda found: not found)

    operations = editor.result.capabilities.workspace.file_operations
    asked = (operations.did_create, operations.did_rename, operations.did_delete)
    assert [bool(each) for each in asked] == [name == PULL] * 3


@BOTH
async def test_a_folder_that_is_renamed_takes_its_files_along_and_comes_under_another_policy(
    start_editor, workspace, name
):
    write(workspace / "strict" / "setsquare.yaml", "policy: 1\n")
    write(workspace / "lax" / "setsquare.yaml", DISABLED)
    old, new = workspace / "lax" / "module", workspace / "strict" / "module"
    write(old / "main.tf", BUCKET)
    editor = await start_editor(name, workspace)
    before = await editor.shown_of(old / "main.tf", is_not_found)
    editor.renamed(old, new)
    after = await editor.shown_of(new / "main.tf", is_found)
    gone = await editor.shown_of(old / "main.tf", lambda found: not found)

    assert (is_not_found(before), is_found(after), gone) == (True, True, [])


@BOTH
async def test_a_folder_that_is_deleted_outside_is_told_of_alone(start_editor, workspace, name):
    path = write(workspace / "module" / "deep" / "main.tf", BUCKET)
    editor = await start_editor(name, workspace)
    await editor.shown_of(path, is_found)
    shutil.rmtree(workspace / "module")
    editor.changed_on_disk(workspace / "module", types.FileChangeType.Deleted)
    editor.changed_on_disk(workspace / "notes.txt", types.FileChangeType.Deleted)

    assert await editor.shown_of(path, lambda found: not found) == []


@BOTH
async def test_each_folder_has_its_own_policy(start_editor, workspace, tmp_path, name):
    folders = {"lax": DISABLED, "strict": "policy: 1\n"}
    for folder, policy in folders.items():
        (tmp_path / folder / ".git").mkdir(parents=True)
        write(tmp_path / folder / "setsquare.yaml", policy)
        write(tmp_path / folder / "main.tf", BUCKET)
    editor = await start_editor(name, workspace, tmp_path / "lax")
    lax = await editor.shown_of(tmp_path / "lax" / "main.tf", bool)
    editor.change_folders(added=[tmp_path / "strict"])
    strict = await editor.shown_of(tmp_path / "strict" / "main.tf", is_found)
    editor.change_folders(removed=[tmp_path / "lax"])
    await editor.shown_of(tmp_path / "lax" / "main.tf", lambda found: not found)

    assert is_not_found(lax)
    assert is_found(strict)


async def test_a_workspace_without_findings_is_waited_on_as_well(start_editor, workspace):
    write(workspace / "main.tf", "locals {}\n")
    editor = await start_editor(PULL, workspace)
    first = await editor.pull_workspace()
    waiting = asyncio.ensure_future(editor.pull_workspace())
    await asyncio.sleep(0.5)
    waits = not waiting.done()
    path = write(workspace / "new.tf", BUCKET)
    editor.created(path)
    news = await waiting

    assert list(first.items) == []
    assert waits
    assert [item.uri for item in news.items] == [path.as_uri()]
    assert sum(value["kind"] == "begin" for _, value in editor.progress) == 1


# --------------------------------------------------------------------- the policy


@BOTH
async def test_a_changed_policy_checks_again(start_editor, workspace, name):
    policy = write(workspace / "setsquare.yaml", "policy: 1\n")
    editor = await start_editor(name, workspace)
    document = editor.open(workspace / "main.tf", BUCKET)
    before = await editor.findings(document)
    told = editor.client.diagnostic_refresh_count
    write(policy, DISABLED)
    editor.changed_on_disk(policy)
    if name == PULL:
        await editor.until(lambda: editor.client.diagnostic_refresh_count > told, "a refresh")
        after = await editor.findings(document)
    else:
        after = await editor.until(
            lambda: (
                [d for p in editor.published[document.uri][-1:] if is_not_found(p.diagnostics) for d in p.diagnostics]
                or None
            ),
            "other findings",
        )

    assert is_found(before)
    assert is_not_found(after)
    assert after


@BOTH
async def test_a_mistake_in_the_policy_is_shown_where_it_is(start_editor, workspace, name):
    editor = await start_editor(name, workspace)
    policy = editor.open(write(workspace / "setsquare.yaml", DISABLED))
    document = editor.open(workspace / "main.tf", BUCKET)
    right = await editor.findings(policy)
    editor.change(policy, PUBLIC, "aws-s3-blok-public-access")
    wrong = one(await editor.findings(policy), "policy")

    assert right == []
    assert policy.at(wrong.range) == "aws-s3-blok-public-access"
    assert wrong.severity is types.DiagnosticSeverity.Error
    # The last good policy stays in force.
    assert is_not_found(await editor.findings(document))
    editor.change(policy, "aws-s3-blok-public-access", "aws-s3-versioning")
    assert await editor.findings(policy) == []
    if name == PULL:
        assert is_found(await editor.findings(document))
    else:
        await editor.until(lambda: is_found(editor.published[document.uri][-1].diagnostics), "the finding")


async def test_a_mistake_in_a_policy_that_is_not_open_is_shown(start_editor, workspace):
    policy = write(workspace / "setsquare.yaml", "policy: 1\nruels: {}\n")
    write(workspace / "module" / "main.tf", BUCKET)
    editor = await start_editor(PUSH, workspace / "module")

    assert await editor.shown_of(policy, lambda found: codes(found) == ["policy"])


async def test_a_comment_that_sets_nothing_aside_is_shown(start_editor, workspace):
    editor = await start_editor(PULL, workspace)
    document = editor.open(
        workspace / "main.tf", BUCKET.replace("# for now", "# setsquare:ignore aws-s3-nothing a test")
    )

    remark = one(await editor.findings(document), "suppression")
    assert remark.severity is types.DiagnosticSeverity.Warning
    assert "no rule is called aws-s3-nothing" in remark.message


# --------------------------------------------------------------------- settings


async def test_settings_from_the_start(start_editor, workspace):
    write(workspace / "policies" / "ours.yaml", DISABLED.replace(PUBLIC, ENCRYPTED))
    options = {"quietTime": 0, "minimumSeverity": "high", "showUnknown": True, "policyPath": "policies/ours.yaml"}
    editor = await start_editor(PULL, workspace, options={"setsquare": options})
    document = editor.open(workspace / "main.tf", DATABASE + UNKNOWN)

    found = await editor.findings(document)
    severe, hint = types.DiagnosticSeverity.Error, types.DiagnosticSeverity.Hint
    assert {diagnostic.severity for diagnostic in found} == {severe, hint}
    assert ENCRYPTED not in codes(found)
    assert are_hints(found)


@pytest.mark.parametrize("name", ["eglot-1.9", PULL])
async def test_settings_that_change(start_editor, workspace, name):
    path = write(workspace / "main.tf", UNKNOWN)
    editor = await start_editor(name, workspace)
    before = await editor.shown_of(path, bool)
    editor.client.set_configuration({"setsquare": {"showUnknown": True, "quietTime": 0}})
    editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))

    assert is_not_found(before)
    assert are_hints(await editor.shown_of(path, is_found))


async def test_settings_that_are_told(start_editor, workspace):
    editor = await start_editor("ale-3.3", workspace)
    document = editor.open(workspace / "main.tf", UNKNOWN)
    await editor.findings(document)
    settings = {"setsquare": {"showUnknown": True}}
    editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))

    assert await editor.until(lambda: is_found(editor.published[document.uri][-1].diagnostics), "hints")
