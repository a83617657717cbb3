import type { ApplyWorkspaceEditParams, ChangeAnnotation, WorkspaceEdit } from "vscode-languageclient/node";

const NAME = "setsquare.preview";

/** Lets edits that the server asks for be looked at before they are applied, while a person wants that. */
export class Previews {
  #wanted = 0;

  /** Runs a command of the server, whose edits a person wants to see first. */
  async during<T>(work: () => Thenable<T>): Promise<T> {
    this.#wanted += 1;
    try {
      return await work();
    } finally {
      this.#wanted -= 1;
    }
  }

  of(params: ApplyWorkspaceEditParams): ApplyWorkspaceEditParams {
    return this.#wanted > 0 ? { ...params, edit: asking(params.edit, params.label ?? "Setsquare") } : params;
  }
}

/** Returns an edit that is previewed: all of it is chosen to begin with, and one part, which changes nothing, is not. */
function asking(edit: WorkspaceEdit, label: string): WorkspaceEdit {
  const annotation: ChangeAnnotation = { label, needsConfirmation: true };
  const start = { line: 0, character: 0 };
  const nothing = { range: { start, end: start }, newText: "", annotationId: NAME };
  const [first, ...rest] = edit.documentChanges ?? [];
  const opened = first !== undefined && "edits" in first ? { ...first, edits: [nothing, ...first.edits] } : first;
  return {
    ...edit,
    changeAnnotations: { ...edit.changeAnnotations, [NAME]: annotation },
    documentChanges: opened === undefined ? [] : [opened, ...rest],
  };
}
