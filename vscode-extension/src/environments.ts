import { extensions, type Uri, workspace } from "vscode";

/** The part of the API of Microsoft's Python extension that is used here. */
interface PythonApi {
  readonly environments?: {
    getActiveEnvironmentPath(resource?: Uri): { readonly path: string };
    resolveEnvironment(environment: { readonly path: string }): Promise<Environment | undefined>;
  };
}

interface Environment {
  readonly executable: { readonly uri?: Uri };
}

/** Returns the Python that is selected in the editor; none where the workspace is not trusted, as it may be in it. */
export async function selectedPython(): Promise<string | undefined> {
  const extension = extensions.getExtension<PythonApi>("ms-python.python");
  if (extension === undefined || !workspace.isTrusted) {
    return undefined;
  }
  const { environments } = await extension.activate();
  const active = environments?.getActiveEnvironmentPath(workspace.workspaceFolders?.[0]?.uri);
  if (environments === undefined || active === undefined) {
    return undefined;
  }
  const environment = await environments.resolveEnvironment(active);
  return environment?.executable.uri?.fsPath;
}
