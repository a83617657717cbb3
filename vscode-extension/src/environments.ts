import { type Disposable, type Event, EventEmitter, extensions, type Uri, workspace } from "vscode";

/** The part of the API of Microsoft's Python extension that is used here. */
interface PythonApi {
  readonly environments?: {
    readonly onDidChangeActiveEnvironmentPath?: Event<unknown>;
    getActiveEnvironmentPath(resource?: Uri): { readonly path: string };
    resolveEnvironment(environment: { readonly path: string }): Promise<Environment | undefined>;
  };
}

interface Environment {
  readonly executable: { readonly uri?: Uri };
}

/** The Python environments of the editor; it is asked only when nothing else has a server. */
export class Environments implements Disposable {
  readonly #changed = new EventEmitter<void>();
  #following: Disposable | undefined;

  /** Fires when another environment is selected than the one that was asked for. */
  readonly onDidChange = this.#changed.event;

  /** Returns the Python that is selected; none where the workspace is not trusted, as it may be in it. */
  async selected(): Promise<string | undefined> {
    const extension = extensions.getExtension<PythonApi>("ms-python.python");
    if (extension === undefined || !workspace.isTrusted) {
      return undefined;
    }
    const { environments } = await extension.activate();
    const active = environments?.getActiveEnvironmentPath(workspace.workspaceFolders?.[0]?.uri);
    if (environments === undefined || active === undefined) {
      return undefined;
    }
    this.#following ??= environments.onDidChangeActiveEnvironmentPath?.(() => {
      this.#changed.fire();
    });
    const environment = await environments.resolveEnvironment(active);
    return environment?.executable.uri?.fsPath;
  }

  dispose(): void {
    this.#following?.dispose();
    this.#changed.dispose();
  }
}
