import { commands, type Disposable, type LogOutputChannel, type QuickPickItem, type Uri, window, workspace } from "vscode";
import { count, described, ruleOf, shown, shownIn } from "./findings";
import { offerInstallation } from "./offerInstallation";
import type { RulePages } from "./pages";
import { createPolicy, openPolicy } from "./policy";
import type { Previews } from "./previews";
import type { Server, State } from "./server";
import { toggleFixOnSave } from "./settings";
import { MENU } from "./status";

/** What the commands work with. */
export interface Tools {
  readonly server: Server;
  readonly previews: Previews;
  readonly pages: RulePages;
  readonly output: LogOutputChannel;
  readonly policyTemplate: Uri;
  readonly version: string;
}

/** Registers what a person can ask for; the commands with the names of the server's are registered by its client. */
export function registerCommands(tools: Tools): Disposable[] {
  const { server, previews, pages, output, policyTemplate } = tools;
  const all: Record<string, () => unknown> = {
    "setsquare.checkWorkspace": () => checkWorkspace(server),
    "setsquare.fixAllInFile": () => fixAllInFile(server),
    "setsquare.fixAllInWorkspace": () => previews.during(() => running(server, "setsquare.fixEverything")),
    "setsquare.explainRule": () => explainRule(pages),
    "setsquare.fixOnSave": fixOnSave,
    "setsquare.openPolicy": () => openPolicy(policyTemplate),
    "setsquare.createPolicy": () => createPolicy(policyTemplate),
    "setsquare.install": () => offerInstallation(server, tools.version),
    "setsquare.restart": () => server.restart(),
    "setsquare.showOutput": () => {
      output.show();
    },
    [MENU]: () => showMenu(server),
  };
  return Object.entries(all).map(([name, run]) => commands.registerCommand(name, run));
}

async function running(server: Server, command: string, ...args: unknown[]): Promise<unknown> {
  if (server.state.kind === "missing" || server.state.kind === "failed") {
    await commands.executeCommand(MENU);
    return undefined;
  }
  return server.execute(command, ...args);
}

async function checkWorkspace(server: Server): Promise<void> {
  const settings = workspace.getConfiguration("setsquare");
  if (!settings.get<boolean>("workspaceCheck", true)) {
    const turnOn = "Turn On";
    const answer = await window.showInformationMessage("Setsquare: only open files are checked.", turnOn);
    if (answer !== turnOn) {
      return;
    }
    await settings.update("workspaceCheck", true);
  }
  // A fresh server knows nothing of before: whatever changed unseen is read again.
  await server.restart();
  await commands.executeCommand("workbench.actions.view.problems");
}

async function fixAllInFile(server: Server): Promise<void> {
  const uri = window.activeTextEditor?.document.uri;
  if (uri !== undefined) {
    await running(server, "setsquare.fixFile", uri.toString());
  }
}

async function explainRule(pages: RulePages): Promise<void> {
  const here = rulesAtCursor();
  const [only] = here;
  if (only !== undefined && here.length === 1) {
    await pages.open(only);
    return;
  }
  const rules = here.length > 0 ? here : rulesOf(shown().flatMap(([, findings]) => findings));
  const rule = await window.showQuickPick(rules, { title: "Explain a rule", placeHolder: "A rule that found something" });
  if (rule !== undefined) {
    await pages.open(rule);
  }
}

function rulesAtCursor(): string[] {
  const editor = window.activeTextEditor;
  if (editor === undefined) {
    return [];
  }
  const here = shownIn(editor.document.uri).filter(({ range }) => range.intersection(editor.selection) !== undefined);
  return rulesOf(here);
}

function rulesOf(findings: readonly Parameters<typeof ruleOf>[0][]): string[] {
  return [...new Set(findings.map(ruleOf).filter((rule) => rule !== undefined))].sort();
}

async function fixOnSave(): Promise<void> {
  const isOn = await toggleFixOnSave();
  const text = isOn
    ? "When a file is saved, what is safe to fix in it is fixed."
    : "Files are saved as they are; fixes are applied when you choose them.";
  await window.showInformationMessage(`Setsquare: ${text}`);
}

interface Choice extends QuickPickItem {
  readonly run: () => unknown;
}

async function showMenu(server: Server): Promise<void> {
  const command = (label: string, name: string): Choice => ({ label, run: () => commands.executeCommand(name) });
  const choices: Choice[] = [
    ...urgent(server.state, command),
    {
      label: "$(list-unordered) Show findings",
      description: described(count()),
      run: () => commands.executeCommand("workbench.actions.view.problems"),
    },
    command("$(wand) Fix all in this file", "setsquare.fixAllInFile"),
    command("$(wand) Fix all in the workspace, with a preview", "setsquare.fixAllInWorkspace"),
    command("$(book) Explain a rule", "setsquare.explainRule"),
    command("$(law) Open the policy", "setsquare.openPolicy"),
    command("$(save) Turn fix on save on or off", "setsquare.fixOnSave"),
    command("$(search) Check the workspace", "setsquare.checkWorkspace"),
    command("$(debug-restart) Restart the server", "setsquare.restart"),
    command("$(output) Show the output", "setsquare.showOutput"),
  ];
  const chosen = await window.showQuickPick(choices, { title: server.described });
  await chosen?.run();
}

function urgent(state: State, command: (label: string, name: string) => Choice): Choice[] {
  switch (state.kind) {
    case "missing":
      return [command("$(cloud-download) Install the server", "setsquare.install")];
    case "checking":
      return [{ label: "$(debug-stop) Stop checking the workspace", run: state.stop }];
    default:
      return [];
  }
}
