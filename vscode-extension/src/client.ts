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

/** What the rest of the extension does with what the server says, and where it is shown. */
export interface Handlers {
  readonly output: LogOutputChannel;
  readonly previews: Previews;
  readonly progress: (token: string | number, value: Progress) => void;
  readonly openPage: (rule: string) => Promise<void>;
}

export type Progress = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;

/** Returns a client for one life of the server; that it is started again is decided elsewhere. */
export function clientOf(program: Program, folder: string, handlers: Handlers): LanguageClient {
  const options: LanguageClientOptions = {
    documentSelector: selector,
    outputChannel: handlers.output,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationFailedHandler: () => false,
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
    },
    diagnosticPullOptions: { onChange: true, onSave: true },
    middleware: middlewareOf(handlers),
  };
  // Not started in the workspace, whose files must not decide what is run.
  const executable = { command: program.command, args: [...program.args], options: { cwd: folder } };
  return new LanguageClient("setsquare", "Setsquare", executable, options);
}

function middlewareOf(handlers: Handlers): Middleware {
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
        ? handlers.openPage(rule)
        : (next(command, args) as Thenable<unknown>);
    },
    workspace: { handleApplyEdit: (params, next) => next(handlers.previews.of(params), CancellationToken.None) },
    handleWorkDoneProgress: (token, value, next) => {
      handlers.progress(token, value);
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
