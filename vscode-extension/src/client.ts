import type { LogOutputChannel } from "vscode";
import {
  CancellationToken,
  CloseAction,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  type Middleware,
  RevealOutputChannelOn,
  type vsdiag,
  type WorkDoneProgressBegin,
  type WorkDoneProgressEnd,
  type WorkDoneProgressReport,
} from "vscode-languageclient/node";
import { selector } from "./documents";
import type { Program } from "./finding";
import { withOwnLink, withOwnTarget } from "./pages";
import type { Previews } from "./previews";

/** What the rest of the extension hears from and adds to the conversation with the server. */
export interface Ears {
  readonly output: LogOutputChannel;
  readonly previews: Previews;
  readonly progress: (token: string | number, value: Progress) => void;
  readonly openPage: (rule: string) => Promise<void>;
}

export type Progress = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;

/** Returns a client for one life of the server; that it is started again is decided elsewhere. */
export function clientOf(program: Program, folder: string, ears: Ears): LanguageClient {
  const options: LanguageClientOptions = {
    documentSelector: selector,
    outputChannel: ears.output,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationFailedHandler: () => false,
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
    },
    diagnosticPullOptions: { onChange: true, onSave: true },
    middleware: middlewareOf(ears),
  };
  // Not started in the workspace, whose files must not decide what is run.
  const executable = { command: program.command, args: [...program.args], options: { cwd: folder } };
  return new LanguageClient("setsquare", "Setsquare", executable, options);
}

function middlewareOf(ears: Ears): Middleware {
  return {
    handleDiagnostics: (uri, diagnostics, next) => {
      next(uri, diagnostics.map(withOwnLink));
    },
    provideDiagnostics: async (document, previous, token, next) => linked(await next(document, previous, token)),
    provideWorkspaceDiagnostics: (previous, token, report, next) =>
      next(previous, token, (part) => {
        part?.items.forEach(linked);
        report(part);
      }),
    provideDocumentLinks: async (document, token, next) => (await next(document, token))?.map(withOwnTarget),
    executeCommand: (command, args: unknown[], next) => {
      const [rule] = args;
      return command === "setsquare.explain" && typeof rule === "string"
        ? ears.openPage(rule)
        : (next(command, args) as Thenable<unknown>);
    },
    workspace: { handleApplyEdit: (params, next) => next(ears.previews.of(params), CancellationToken.None) },
    handleWorkDoneProgress: (token, value, next) => {
      ears.progress(token, value);
      if (value.kind === "end") {
        next(token, value);
      }
    },
  };
}

type Report = vsdiag.DocumentDiagnosticReport | vsdiag.WorkspaceDocumentDiagnosticReport;

function linked<T extends Report>(report: T | null | undefined): T | null | undefined {
  if (report !== null && report !== undefined && "items" in report) {
    report.items.forEach(withOwnLink);
  }
  return report;
}
