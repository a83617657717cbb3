import { commands, type Disposable, type ExtensionContext, Uri, window, workspace } from "vscode";
import { registerCommands } from "./commands";
import { isTypical } from "./documents";
import { RulePages, SCHEME } from "./pages";
import { Previews } from "./previews";
import { Server, type State } from "./server";
import { OWN } from "./settings";
import { showStatus } from "./status";

let server: Server | undefined;

const ACTIVATING = "setsquare: activating";

export function activate(context: ExtensionContext): void {
  const begin = performance.now();
  const output = window.createOutputChannel("Setsquare", { log: true });
  const previews = new Previews();
  const pages: RulePages = new RulePages(async (rule) => {
    const text = await started.execute("setsquare.page", rule);
    return typeof text === "string" ? text : undefined;
  });
  const started: Server = new Server(context, { output, previews, openPage: (rule) => pages.open(rule) });
  server = started;
  const { version } = context.extension.packageJSON as { version: string };
  const policyTemplate = Uri.joinPath(context.extensionUri, "media", "policy.yaml");
  context.subscriptions.push(
    output,
    started,
    workspace.registerTextDocumentContentProvider(SCHEME, pages),
    ...registerCommands({ server: started, previews, pages, output, policyTemplate, version }),
    ...showStatus(started),
    ...reactions(started),
    started.onDidChange(({ kind }) => {
      if (kind === "ready") {
        pages.renew(workspace.textDocuments.map(({ uri }) => uri));
      }
    }),
  );
  performance.measure(ACTIVATING, { start: begin });
  void started.restart();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

/** What the server has to follow, and what a person has to be told of it. */
function reactions(of: Server): Disposable[] {
  const told = new Set<string>();
  return [
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(OWN)) {
        void of.restart();
      }
    }),
    workspace.onDidGrantWorkspaceTrust(() => void of.reconsider()),
    of.onMismatch((wrong) => void tell(told, `Setsquare: ${wrong}.`, "Install Server", "setsquare.install")),
    of.onDidChange((state) => {
      void tellOf(told, state);
    }),
    workspace.onDidOpenTextDocument(() => void tellOf(told, of.state)),
  ];
}

async function tellOf(told: Set<string>, state: State): Promise<void> {
  switch (state.kind) {
    case "missing":
      // In a workspace without infrastructure code nobody misses it; the extension may be on for other folders.
      if (workspace.textDocuments.some((document) => isTypical(document.uri))) {
        const text = `Setsquare found no server to start: ${state.reasons.join("; ")}.`;
        await tell(told, text, "Install", "setsquare.install");
      }
      break;
    case "failed":
      await tell(told, `Setsquare: ${state.reason}.`, "Show Output", "setsquare.showOutput");
      break;
    case "ready":
      told.clear();
      break;
    default:
  }
}

/** Shows a message with a button, once until the server has run again. */
async function tell(told: Set<string>, text: string, button: string, command: string): Promise<void> {
  if (told.has(text)) {
    return;
  }
  told.add(text);
  if ((await window.showErrorMessage(text, button)) === button) {
    await commands.executeCommand(command);
  }
}
