"""What the client can do, resolved once from its capabilities."""

from dataclasses import dataclass

from lsprotocol import types


@dataclass(frozen=True, slots=True)
class Client:
    """The abilities that features branch on.

    Attributes:
        pulls: asks for diagnostics itself (LSP 3.17), so nothing is pushed to it.
        refreshes: can be told to ask again.
        takes_related: takes the diagnostics of related documents with those that it asked for.
        resolves_edits: asks for a code action's edit only when it is chosen.
        shows_disabled: shows code actions that cannot be used, with the reason.
        document_changes: takes edits with the version that they were made for.
        annotates: asks the person before it applies a change that says so.
        progress: shows the progress of long work.
        markdown: shows Markdown in hovers.
        related: shows related places of a diagnostic.
        links_codes: shows a link at a diagnostic's code.
        has_settings: can be asked for settings.
        registers_watches: tells of files that change on disk, if asked to.
        registers_settings: tells that settings changed, if asked to.
        applies: applies an edit that the server asks for.
        creates_files: creates a file as a part of an edit.
        edits_snippets: takes edits in which a person fills in what is missing (LSP 3.18).
        snippets: takes completions in which a person fills in what is missing.
        documents_markdown: shows Markdown beside a completion.
        keeps_indentation: inserts a completion of several lines as it is.
        link_tooltips: shows what a link leads to.
        refreshes_lenses: can be told to ask for code lenses again.

    """

    pulls: bool = False
    refreshes: bool = False
    takes_related: bool = False
    resolves_edits: bool = False
    shows_disabled: bool = False
    document_changes: bool = False
    annotates: bool = False
    progress: bool = False
    markdown: bool = False
    related: bool = False
    links_codes: bool = False
    has_settings: bool = False
    registers_watches: bool = False
    registers_settings: bool = False
    applies: bool = False
    creates_files: bool = False
    edits_snippets: bool = False
    snippets: bool = False
    documents_markdown: bool = False
    keeps_indentation: bool = False
    link_tooltips: bool = False
    refreshes_lenses: bool = False

    @classmethod
    def of(cls, capabilities: types.ClientCapabilities) -> "Client":
        """Read the capabilities that a client announced in ``initialize``."""
        document = capabilities.text_document or types.TextDocumentClientCapabilities()
        workspace = capabilities.workspace or types.WorkspaceClientCapabilities()
        window = capabilities.window or types.WindowClientCapabilities()
        actions = document.code_action or types.CodeActionClientCapabilities()
        edits = workspace.workspace_edit or types.WorkspaceEditClientCapabilities()
        published = document.publish_diagnostics or types.PublishDiagnosticsClientCapabilities()
        hover = document.hover or types.HoverClientCapabilities()
        watched = workspace.did_change_watched_files or types.DidChangeWatchedFilesClientCapabilities()
        settings = workspace.did_change_configuration or types.DidChangeConfigurationClientCapabilities()
        completion = document.completion or types.CompletionClientCapabilities()
        items = completion.completion_item or types.ClientCompletionItemOptions()
        modes = items.insert_text_mode_support.value_set if items.insert_text_mode_support else ()
        resolved = actions.resolve_support.properties if actions.resolve_support else ()
        return cls(
            pulls=document.diagnostic is not None,
            refreshes=bool(workspace.diagnostics and workspace.diagnostics.refresh_support),
            takes_related=bool(document.diagnostic and document.diagnostic.related_document_support),
            resolves_edits="edit" in resolved and bool(actions.data_support),
            shows_disabled=bool(actions.disabled_support),
            document_changes=bool(edits.document_changes),
            annotates=edits.change_annotation_support is not None,
            progress=bool(window.work_done_progress),
            markdown=types.MarkupKind.Markdown in (hover.content_format or ()),
            related=bool(published.related_information) or document.diagnostic is not None,
            links_codes=bool(published.code_description_support) or document.diagnostic is not None,
            has_settings=bool(workspace.configuration),
            registers_watches=bool(watched.dynamic_registration),
            registers_settings=bool(settings.dynamic_registration),
            applies=bool(workspace.apply_edit),
            creates_files=bool(edits.document_changes)
            and types.ResourceOperationKind.Create in (edits.resource_operations or ()),
            edits_snippets=bool(edits.document_changes and edits.snippet_edit_support),
            snippets=bool(items.snippet_support),
            documents_markdown=types.MarkupKind.Markdown in (items.documentation_format or ()),
            keeps_indentation=types.InsertTextMode.AsIs in modes,
            link_tooltips=bool(document.document_link and document.document_link.tooltip_support),
            refreshes_lenses=bool(workspace.code_lens and workspace.code_lens.refresh_support),
        )
