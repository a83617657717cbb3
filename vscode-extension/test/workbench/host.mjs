// Runs the tests of out/host inside the extension host of a real VS Code.   host.mjs SETSQUARE
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { openBrowser, startEditor } from "./editor.mjs";
import { fixture } from "./fixture.mjs";

const PATIENCE = 240_000;
const root = path.resolve(import.meta.dirname, "../..");
const logs = path.join(root, "out/host-logs");
const report = path.join(logs, "report.txt");
const program = path.resolve(process.argv[2]);

rmSync(logs, { recursive: true, force: true });
const folders = readdirSync(fixture);
const files = Object.fromEntries(
  folders.flatMap((folder) =>
    readdirSync(path.join(fixture, folder)).map((name) => [
      `${folder}/${name}`,
      readFileSync(path.join(fixture, folder, name), "utf8"),
    ]),
  ),
);
files["all.code-workspace"] = JSON.stringify({ folders: folders.map((name) => ({ path: name })) });
const editor = await startEditor({
  files,
  logs,
  testing: true,
  machine: { "setsquare.server.path": program },
  settings: { "setsquare.minimumSeverity": "high" },
  environment: { SETSQUARE_TEST_REPORT: report },
});
const { browser, page, outside } = await openBrowser();
let code = 1;
try {
  const done = new Promise((resolve, reject) => {
    void page.exposeFunction("codeAutomationExit", resolve);
    setTimeout(() => reject(new Error(`the tests took longer than ${PATIENCE / 1000} s`)), PATIENCE).unref();
  });
  await page.exposeFunction("codeAutomationLog", () => undefined);
  const uri = (file) => `vscode-remote://127.0.0.1:${editor.port}${file}`;
  const payload = JSON.stringify([
    ["extensionDevelopmentPath", uri(root)],
    ["extensionTestsPath", uri(path.join(root, "out/host/index.js"))],
    ["skipWelcome", "true"],
  ]);
  await page.goto(editor.address({ workspace: path.join(editor.workspace, "all.code-workspace"), payload }));
  code = await done;
} catch (error) {
  console.log(String(error));
} finally {
  await page.screenshot({ path: path.join(logs, "end.png") }).catch(() => undefined);
  await browser.close();
  await editor.stop();
}
console.log(existsSync(report) ? readFileSync(report, "utf8") : "the tests left no report");
if (outside.size > 0) {
  console.log(`asked outside of this machine: ${[...outside].join(", ")}`);
  code = 1;
}
process.exit(code);
