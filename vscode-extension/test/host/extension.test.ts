import assert from "node:assert/strict";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { performance } from "node:perf_hooks";
import {
  commands,
  ConfigurationTarget,
  type DocumentLink,
  extensions,
  Position,
  Range,
  Selection,
  type TextDocument,
  Uri,
  version,
  window,
  workspace,
  WorkspaceEdit,
} from "vscode";
import { file, finding, open, ours, quickFixes, reset, ruleOf, say, saying, serverProcesses, until } from "./support";

const ACL = "aws-s3-acl-not-public-read";
const DMS = "aws-dms-not-publicly-accessible";
const REDSHIFT = "aws-redshift-not-publicly-accessible";
const ENCRYPTED = "aws-redshift-encrypted";

const CLUSTER = `
resource "aws_redshift_cluster" "inserted" {
  cluster_identifier  = "inserted"
  node_type           = "ra3.xlplus"
  publicly_accessible = true
}
`;

describe("The extension in a real extension host", () => {
  let main: TextDocument;
  let text: string;

  before(async () => {
    const begin = performance.now();
    main = await open("storage/main.tf");
    await until("a finding", () => ours(main.uri).length > 0);
    say(`VS Code ${version}: ${Math.round(performance.now() - begin)} ms from opening the file to the first squiggle`);
    text = main.getText();
  });

  it("adds little to what the server takes to start", () => {
    const took = (name: string): number => performance.getEntriesByName(`setsquare: ${name}`)[0]?.duration ?? NaN;
    const own = took("activating") + took("finding the server");
    const server = took("starting the server");
    say(`${own.toFixed(1)} ms for activation and finding the server, ${Math.round(server)} ms until it answers`);
    assert.ok(own < server / 10);
  });

  it("is active, and has given the file its language", () => {
    assert.equal(extensions.getExtension("setsquare.setsquare")?.isActive, true);
    assert.equal(main.languageId, "terraform");
  });

  it("underlines the value behind characters of every width", async () => {
    await saying(main, `${ACL}: "public-read"`);
    const [diagnostic] = ours(main.uri);
    assert.deepEqual(diagnostic?.range, new Range(2, 23, 2, 36));
  });

  it("shows findings in files of every folder that nobody has opened", async () => {
    await finding(file("storage/asks.tf"), DMS);
    await finding(file("services/template.yaml"), REDSHIFT);
    await finding(file("services/values.yaml"));
  });

  it("applies a quick fix; it is undone and redone as one step", async () => {
    const fix = (await quickFixes(main)).find((action) => action.isPreferred);
    assert.ok(fix?.edit, "a preferred fix with its edit");
    const begin = performance.now();
    assert.ok(await workspace.applyEdit(fix.edit));
    await until("no finding", () => ours(main.uri).length === 0);
    say(`${Math.round(performance.now() - begin)} ms from the fix to the squiggle gone`);
    const fixed = main.getText();
    assert.equal(fixed, text.replace("public-read", "private"));

    await commands.executeCommand("undo");
    assert.equal(main.getText(), text);
    await saying(main, `${ACL}: "public-read"`);
    await commands.executeCommand("redo");
    assert.equal(main.getText(), fixed);
    await saying(main);
    await reset(main, text);
    await saying(main, `${ACL}: "public-read"`);
  });

  it("checks a block that is inserted whole at once, and what it lacks", async () => {
    const editor = await window.showTextDocument(main);
    const begin = performance.now();
    await editor.edit((edit) => {
      edit.insert(new Position(main.lineCount, 0), CLUSTER);
    });
    await saying(main, `${ACL}: "public-read"`, `${ENCRYPTED}: resource "aws_redshift_cluster" "inserted"`, `${REDSHIFT}: true`);
    say(`${Math.round(performance.now() - begin)} ms from the insertion of a block to its squiggles`);
    await reset(main, text);
  });

  it("follows several cursors, and lines that move what is below them", async () => {
    const editor = await window.showTextDocument(main);
    const value = text.split("\n").findIndex((line) => line.includes("public-read"));
    const at = main.lineAt(value).text.indexOf("public-read");
    editor.selections = [
      new Selection(0, 0, 0, 0),
      new Selection(value, at + "public-read".length, value, at + "public-read".length),
    ];
    await commands.executeCommand("type", { text: "-" });
    await commands.executeCommand("deleteLeft");
    await commands.executeCommand("editor.action.insertLineBefore");
    await saying(main, `${ACL}: "public-read"`);
    await reset(main, text);
    await saying(main, `${ACL}: "public-read"`);
  });

  it("checks what another extension writes into a file that nobody has opened", async () => {
    const uri = file("services/template.yaml");
    const template = await workspace.openTextDocument(uri);
    const at = template.positionAt(template.getText().indexOf("PubliclyAccessible: true") + "PubliclyAccessible: ".length);
    const edit = new WorkspaceEdit();
    edit.replace(uri, new Range(at, at.translate(0, "true".length)), "false");
    assert.ok(await workspace.applyEdit(edit));
    await finding(uri);
    const back = new WorkspaceEdit();
    back.replace(uri, new Range(at, at.translate(0, "false".length)), "true");
    assert.ok(await workspace.applyEdit(back));
    await finding(uri, REDSHIFT);
    await template.save();
  });

  it("sees what is written, and what goes, outside of the editor", async () => {
    const uri = file("storage/outside.tf");
    writeFileSync(uri.fsPath, CLUSTER);
    await finding(uri, ENCRYPTED, REDSHIFT);
    rmSync(uri.fsPath);
    await finding(uri);
  });

  it("fixes all that is safe in a file by a command", async () => {
    await window.showTextDocument(main);
    await commands.executeCommand("setsquare.fixAllInFile");
    await saying(main);
    assert.equal(main.getText(), text.replace("public-read", "private"));
    await reset(main, text);
  });

  it("fixes on save what is safe to fix, once that is turned on", async () => {
    void commands.executeCommand("setsquare.fixOnSave");
    const setting = (): unknown => workspace.getConfiguration("editor").get<Record<string, string>>("codeActionsOnSave");
    await until("the setting", () => (setting() as Record<string, string>)["source.fixAll.setsquare"] === "explicit");
    await saying(main, `${ACL}: "public-read"`);
    const editor = await window.showTextDocument(main);
    await editor.edit((edit) => {
      edit.insert(new Position(0, 0), "\n");
    });
    await commands.executeCommand("workbench.action.files.save");
    await until("the fixed text on disk", async () => {
      const saved = new TextDecoder().decode(await workspace.fs.readFile(main.uri));
      return saved === `\n${text.replace("public-read", "private")}`;
    });
    await commands.executeCommand("notifications.clearAll");
    void commands.executeCommand("setsquare.fixOnSave");
    await until("the setting", () => (setting() as Record<string, string>)["source.fixAll.setsquare"] === "never");
    await reset(main, text);
  });

  it("does not fix on save what asks first", async () => {
    const asks = await open("storage/asks.tf");
    await saying(asks, `${DMS}: true`);
    const before = asks.getText();
    const actions = await commands.executeCommand<unknown[]>(
      "vscode.executeCodeActionProvider",
      asks.uri,
      new Range(0, 0, asks.lineCount, 0),
      "source.fixAll.setsquare",
    );
    assert.deepEqual(actions, []);
    const [fix] = (await quickFixes(asks)).filter((action) => action.edit !== undefined);
    const [entry] = fix?.edit?.entries() ?? [];
    assert.ok(entry, `a fix for ${before}`);
    assert.notEqual(fix?.isPreferred, true);
    await window.showTextDocument(main);
  });

  it("follows its settings", async () => {
    const settings = workspace.getConfiguration("setsquare");
    await settings.update("minimumSeverity", "critical", ConfigurationTarget.Global);
    await saying(main);
    await finding(file("services/template.yaml"), REDSHIFT);
    await settings.update("minimumSeverity", "high", ConfigurationTarget.Global);
    await saying(main, `${ACL}: "public-read"`);
  });

  it("follows the policy", async () => {
    const policy = Uri.joinPath(main.uri, "..", "setsquare.yaml");
    const reason = "reason: it is meant to be public, approved_by: ciso, until: 2099-01-01";
    const exception = `policy: 1\nexceptions:\n  - {rule: ${ACL}, resource: aws_s3_bucket_acl.logs, ${reason}}\n`;
    await workspace.fs.writeFile(policy, new TextEncoder().encode(exception));
    await saying(main);
    rmSync(policy.fsPath);
    await saying(main, `${ACL}: "public-read"`);
  });

  it("creates a policy that the server accepts", async () => {
    const policy = file("storage/setsquare.yaml");
    const template = path.join(extensions.getExtension("setsquare.setsquare")?.extensionPath ?? "", "media/policy.yaml");
    await workspace.fs.copy(Uri.file(template), policy);
    await workspace.openTextDocument(policy);
    await finding(policy);
    await finding(file("storage/asks.tf"), DMS);
    await commands.executeCommand("setsquare.openPolicy");
    assert.equal(window.activeTextEditor?.document.uri.toString(), policy.toString());
    rmSync(policy.fsPath);
  });

  it("has the pages of rules as documents, and links to them", async () => {
    const [diagnostic] = ours(main.uri);
    assert.ok(diagnostic !== undefined && typeof diagnostic.code === "object");
    assert.equal(diagnostic.code.target.toString(), `setsquare-rule:/${ruleOf(diagnostic)}.md`);
    const page = await workspace.openTextDocument(diagnostic.code.target);
    assert.match(page.getText(), /^# S3 bucket ACLs do not let everyone read\n/);
  });

  it("links rules that a text names to their pages", async () => {
    await reset(main, `# setsquare:ignore ${ACL} it is meant to be public\n${text}`);
    await saying(main);
    const [link] = await commands.executeCommand<DocumentLink[]>("vscode.executeLinkProvider", main.uri);
    assert.equal(link?.target?.toString(), `setsquare-rule:/${ACL}.md`);
    assert.equal(main.getText(link.range), ACL);
    await reset(main, text);
    await saying(main, `${ACL}: "public-read"`);
  });

  it("opens the page of a rule by the action that explains", async () => {
    const explain = (await quickFixes(main)).find(({ title }) => title === `Explain ${ACL}`);
    assert.ok(explain?.command);
    await commands.executeCommand(explain.command.command, ...(explain.command.arguments as unknown[]));
    await until("the page", () => window.tabGroups.activeTabGroup.activeTab?.label.includes(ACL));
    await commands.executeCommand("workbench.action.closeActiveEditor");
  });

  it("explains the rule of the finding at the cursor", async () => {
    const editor = await window.showTextDocument(main);
    const [diagnostic] = ours(main.uri);
    assert.ok(diagnostic);
    editor.selection = new Selection(diagnostic.range.start, diagnostic.range.start);
    await commands.executeCommand("setsquare.explainRule");
    await until("the page", () => window.tabGroups.activeTabGroup.activeTab?.label.includes(ACL));
    await commands.executeCommand("workbench.action.closeActiveEditor");
  });

  it("starts the server again when it dies, and shows the same", async () => {
    const [running] = serverProcesses();
    assert.ok(running !== undefined);
    process.kill(running, "SIGKILL");
    await until("another process", () => serverProcesses().some((id) => id !== running));
    await window.showTextDocument(main);
    await saying(main, `${ACL}: "public-read"`);
    await finding(file("services/template.yaml"), REDSHIFT);
  });

  it("restarts by command, and leaves no process behind", async () => {
    const before = serverProcesses();
    await commands.executeCommand("setsquare.restart");
    await until("one other process", () => {
      const now = serverProcesses();
      return now.length === 1 && !before.includes(now[0] ?? 0);
    });
    await saying(main, `${ACL}: "public-read"`);
  });

  it("says where no server is, and starts the one that the setting names", async () => {
    const settings = workspace.getConfiguration("setsquare.server");
    const known = settings.get<string>("path");
    await settings.update("path", "/nowhere/setsquare", ConfigurationTarget.Global);
    await until("no process", () => serverProcesses().length === 0);
    await saying(main);
    await settings.update("path", known, ConfigurationTarget.Global);
    await saying(main, `${ACL}: "public-read"`);
  });

  it("takes up a folder that is added, and clears one that is removed", async () => {
    const folder = Uri.joinPath(main.uri, "..", "..", "added");
    await workspace.fs.createDirectory(folder);
    const uri = Uri.joinPath(folder, "main.tf");
    writeFileSync(uri.fsPath, CLUSTER);
    const end = workspace.workspaceFolders?.length ?? 0;
    assert.ok(workspace.updateWorkspaceFolders(end, 0, { uri: folder }));
    await finding(uri, ENCRYPTED, REDSHIFT);
    assert.ok(workspace.updateWorkspaceFolders(end, 1));
    await finding(uri);
    assert.ok(existsSync(uri.fsPath));
  });
});
