import type { ApplyWorkspaceEditParams, ChangeAnnotation, WorkspaceEdit } from "vscode-languageclient/node";

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

/** Returns an edit of which each part needs a yes; what a part already asks stays as it is. */
function asking(edit: WorkspaceEdit, label: string): WorkspaceEdit {
  const name = "setsquare.preview";
  const annotation: ChangeAnnotation = { label, needsConfirmation: true };
  return {
    ...edit,
    changeAnnotations: { ...edit.changeAnnotations, [name]: annotation },
    documentChanges: (edit.documentChanges ?? []).map((change) =>
      "edits" in change
        ? { ...change, edits: change.edits.map((one) => ("annotationId" in one ? one : { ...one, annotationId: name })) }
        : { annotationId: name, ...change },
    ),
  };
}
