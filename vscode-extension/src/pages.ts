import { commands, type Diagnostic, type DocumentLink, EventEmitter, type TextDocumentContentProvider, Uri } from "vscode";

export const SCHEME = "setsquare-rule";

/** The pages of rules as documents that are read only; their text comes from the server. */
export class RulePages implements TextDocumentContentProvider {
  readonly #changed = new EventEmitter<Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #ask: (rule: string) => Promise<string | undefined>;

  constructor(ask: (rule: string) => Promise<string | undefined>) {
    this.#ask = ask;
  }

  async provideTextDocumentContent(uri: Uri): Promise<string> {
    const rule = ruleOfPage(uri);
    return (await this.#ask(rule)) ?? `The server has no page of \`${rule}\`.\n`;
  }

  /** Shows a page, as its editor association says: as it is meant to be read. */
  async open(rule: string): Promise<void> {
    await commands.executeCommand("vscode.open", pageOf(rule));
  }

  /** Has the pages read again: another server may say something else. */
  renew(open: readonly Uri[]): void {
    open.filter(({ scheme }) => scheme === SCHEME).forEach((page) => {
      this.#changed.fire(page);
    });
  }
}

export function pageOf(rule: string): Uri {
  return Uri.from({ scheme: SCHEME, path: `/${rule}.md` });
}

/** Lets the link at the code of a diagnostic open the page in the editor instead of a browser. */
export function withOwnLink<T extends Diagnostic>(diagnostic: T): T {
  const { code } = diagnostic;
  if (typeof code === "object" && typeof code.value === "string") {
    diagnostic.code = { value: code.value, target: pageOf(code.value) };
  }
  return diagnostic;
}

/** The same for a link at a rule's name in the text, which the server gives the page's address on the web. */
export function withOwnTarget(link: DocumentLink): DocumentLink {
  const rule = /^\/rules\/([\w-]+)$/.exec(link.target?.path ?? "")?.[1];
  if (rule !== undefined) {
    link.target = pageOf(rule);
  }
  return link;
}

function ruleOfPage(page: Uri): string {
  return page.path.replace(/^\//, "").replace(/\.md$/, "");
}
