import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import {
  type CodeAction,
  commands,
  type Diagnostic,
  languages,
  Range,
  type TextDocument,
  Uri,
  window,
  workspace,
} from "vscode";

const PATIENCE = 20_000;
const PAUSE = 20;

export const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Adds a line to the report. */
export function say(line: string): void {
  appendFileSync(process.env["SETSQUARE_TEST_REPORT"] ?? "/dev/null", `      ${line}\n`);
}

/** Waits until something is found. */
export async function until<T>(what: string, find: () => T | false | undefined | Promise<T | false | undefined>): Promise<T> {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    const found = await find();
    if (found !== undefined && found !== false) {
      return found;
    }
    await wait(PAUSE);
  }
  throw new Error(`waited in vain for ${what}`);
}

/** Returns the URI of a file in the workspace, by the folder's name and its own. */
export function file(name: string): Uri {
  const [folder = "", ...rest] = name.split("/");
  const found = workspace.workspaceFolders?.find((one) => one.name === folder);
  if (found === undefined) {
    throw new Error(`there is no folder ${folder}`);
  }
  return Uri.joinPath(found.uri, ...rest);
}

/** Opens a file in the editor. */
export async function open(name: string): Promise<TextDocument> {
  const document = await workspace.openTextDocument(file(name));
  await window.showTextDocument(document);
  return document;
}

/** Returns what Setsquare says of a file, as `rule: underlined text`. */
export function said(document: TextDocument): string[] {
  return ours(document.uri).map((diagnostic) => `${ruleOf(diagnostic)}: ${document.getText(diagnostic.range)}`);
}

export function ours(uri: Uri): Diagnostic[] {
  return languages.getDiagnostics(uri).filter(({ source }) => source === "setsquare");
}

export function ruleOf({ code }: Diagnostic): string {
  return String(typeof code === "object" ? code.value : code);
}

/** Waits until Setsquare says exactly this of a file. */
export async function saying(document: TextDocument, ...expected: string[]): Promise<void> {
  let last: string[] = [];
  try {
    await until(expected.join(", "), () => {
      last = said(document);
      return JSON.stringify(last) === JSON.stringify(expected);
    });
  } catch {
    throw new Error(`expected ${JSON.stringify(expected)}, is ${JSON.stringify(last)}`);
  }
}

/** Waits until Setsquare finds exactly these rules in a file, which need not be open. */
export async function finding(uri: Uri, ...expected: string[]): Promise<void> {
  let last: string[] = [];
  try {
    await until(expected.join(", "), () => {
      last = ours(uri).map(ruleOf).sort();
      return JSON.stringify(last) === JSON.stringify(expected);
    });
  } catch {
    throw new Error(`expected ${JSON.stringify(expected)}, is ${JSON.stringify(last)}`);
  }
}

/** Returns the quick fixes that are offered for a file's first finding, with their edits. */
export async function quickFixes(document: TextDocument): Promise<CodeAction[]> {
  const range = ours(document.uri)[0]?.range ?? new Range(0, 0, 0, 0);
  const name = "vscode.executeCodeActionProvider";
  return commands.executeCommand<CodeAction[]>(name, document.uri, range, "quickfix", 20);
}

/** Replaces the whole text of a document and saves it. */
export async function reset(document: TextDocument, text: string): Promise<void> {
  const editor = await window.showTextDocument(document);
  const everything = new Range(0, 0, document.lineCount, 0);
  await editor.edit((edit) => {
    edit.replace(everything, text);
  });
  await document.save();
}

/** Returns the ids of the processes that run the server. */
export function serverProcesses(): number[] {
  const isServer = (id: string): boolean => {
    try {
      const parent = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1];
      const words = readFileSync(`/proc/${id}/cmdline`, "utf8").split("\0");
      return parent === String(process.pid) && words.includes("lsp");
    } catch {
      return false;
    }
  };
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isServer(name)).map(Number);
}
