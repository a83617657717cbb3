import {
  languages,
  MarkdownString,
  StatusBarAlignment,
  type StatusBarItem,
  ThemeColor,
  window,
} from "vscode";
import { isOurs } from "./documents";
import { count, described } from "./findings";
import type { Server, State } from "./server";

export const MENU = "setsquare.menu";

/** Shows in the status bar what the server does and how much it found; the click opens a menu. */
export function showStatus(server: Server): { dispose(): unknown }[] {
  const item = window.createStatusBarItem("setsquare.status", StatusBarAlignment.Left, 50);
  item.name = "Setsquare";
  item.command = MENU;
  const update = (): void => {
    show(item, server.state, server.described);
  };
  update();
  return [
    item,
    server.onDidChange(update),
    languages.onDidChangeDiagnostics(update),
    window.onDidChangeActiveTextEditor(update),
  ];
}

function show(item: StatusBarItem, state: State, program: string): void {
  const found = count();
  const document = window.activeTextEditor?.document;
  if (found.findings === 0 && (document === undefined || !isOurs(document))) {
    item.hide();
    return;
  }
  const [text, more] = said(state, found.findings === 0 ? "$(check)" : `$(warning) ${found.findings}`, described(found));
  item.text = `${text} Setsquare`;
  item.tooltip = new MarkdownString(`**Setsquare**: ${more}\n\n${program}`);
  const isBroken = state.kind === "failed" || state.kind === "missing";
  item.backgroundColor = isBroken ? new ThemeColor("statusBarItem.errorBackground") : undefined;
  item.accessibilityInformation = { label: `Setsquare: ${more}`, role: "button" };
  item.show();
}

function said(state: State, text: string, findings: string): readonly [text: string, more: string] {
  switch (state.kind) {
    case "ready":
      return [text, findings];
    case "checking":
      return [`$(sync~spin) ${state.done}`, `checking the workspace, ${findings} so far`];
    case "starting":
      return ["$(sync~spin)", "the server is starting"];
    case "waiting":
      return ["$(warning)", `the server ended, and is started again in ${state.milliseconds / 1000} s`];
    case "failed":
      return ["$(error)", state.reason];
    case "missing":
      return ["$(error)", `no server was found: ${state.reasons.join("; ")}`];
  }
}
