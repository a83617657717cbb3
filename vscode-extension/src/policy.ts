import { Uri, window, workspace, type WorkspaceFolder } from "vscode";

const NAME = "setsquare.yaml";

/** Opens the policy that holds for what is being edited; offers to make one where there is none. */
export async function openPolicy(template: Uri): Promise<void> {
  const policies = await found();
  const [only] = policies;
  if (only === undefined) {
    const create = "Create Policy";
    const answer = await window.showInformationMessage(`There is no ${NAME} in this workspace.`, create);
    if (answer === create) {
      await createPolicy(template);
    }
    return;
  }
  const chosen = policies.length === 1 ? only : await picked(policies);
  if (chosen !== undefined) {
    await window.showTextDocument(chosen);
  }
}

/** Creates a policy with every section explained, in a folder of the workspace; one that exists is opened as it is. */
export async function createPolicy(template: Uri): Promise<void> {
  const folder = await chosenFolder();
  if (folder === undefined) {
    return;
  }
  const policy = Uri.joinPath(folder.uri, NAME);
  if (!(await exists(policy))) {
    await workspace.fs.copy(template, policy);
  }
  await window.showTextDocument(policy);
}

async function found(): Promise<Uri[]> {
  const configured = workspace.getConfiguration("setsquare").get<string>("policyPath", "");
  const first = workspace.workspaceFolders?.[0];
  if (configured !== "" && first !== undefined) {
    return [configured.startsWith("/") ? Uri.file(configured) : Uri.joinPath(first.uri, configured)];
  }
  const all = await workspace.findFiles(`**/${NAME}`, "**/{node_modules,.terraform}/**");
  return all.sort((one, other) => one.path.length - other.path.length || one.path.localeCompare(other.path));
}

async function picked(policies: readonly Uri[]): Promise<Uri | undefined> {
  const items = policies.map((uri) => ({ label: workspace.asRelativePath(uri), uri }));
  return (await window.showQuickPick(items, { title: "Policies in this workspace" }))?.uri;
}

async function chosenFolder(): Promise<WorkspaceFolder | undefined> {
  const folders = workspace.workspaceFolders ?? [];
  if (folders.length === 0) {
    await window.showInformationMessage(`Open a folder first: ${NAME} holds for the folder that it is in.`);
  }
  return folders.length > 1 ? window.showWorkspaceFolderPick() : folders[0];
}

async function exists(uri: Uri): Promise<boolean> {
  try {
    await workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
