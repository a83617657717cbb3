import { type Diagnostic, DiagnosticSeverity, languages, type Uri } from "vscode";

const SOURCE = "setsquare";

/** How many findings are shown, and in how many files. */
export interface Count {
  readonly findings: number;
  readonly files: number;
}

/** Returns what Setsquare shows, by file; files without findings are left out. */
export function shown(): (readonly [Uri, readonly Diagnostic[]])[] {
  const found = languages.getDiagnostics().map(([uri, all]) => [uri, all.filter(isFinding)] as const);
  return found.filter(([, findings]) => findings.length > 0);
}

/** Returns what Setsquare shows in a file. */
export function shownIn(uri: Uri): readonly Diagnostic[] {
  return languages.getDiagnostics(uri).filter(isFinding);
}

export function count(): Count {
  const files = shown();
  return { findings: files.reduce((sum, [, findings]) => sum + findings.length, 0), files: files.length };
}

/** Returns "1 finding in 1 file" and the like. */
export function described({ findings, files }: Count): string {
  return findings === 0 ? "no findings" : `${plural(findings, "finding")} in ${plural(files, "file")}`;
}

/** Returns the id of a diagnostic's rule. */
export function ruleOf(diagnostic: Diagnostic): string | undefined {
  const { code } = diagnostic;
  const value = typeof code === "object" ? code.value : code;
  return typeof value === "string" ? value : undefined;
}

function isFinding(diagnostic: Diagnostic): boolean {
  // Hints say what could not be judged.
  return diagnostic.source === SOURCE && diagnostic.severity !== DiagnosticSeverity.Hint;
}

function plural(number: number, noun: string): string {
  return number === 1 ? `1 ${noun}` : `${number} ${noun}s`;
}
