// Tests of what a person sees, in the workbench.   ui.mjs PACKAGE.vsix UNIVERSAL.vsix [FOLDER for the README's pictures]
// The server is the one in the package; the Python that runs it has none of its libraries.
import { execFileSync } from "node:child_process";
import { copyFileSync, chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openBrowser, startEditor, wait } from "./editor.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const out = path.join(root, "out/ui");
const demo = path.resolve(root, "../demo");
const [vsix, universal, pictures] = process.argv.slice(2).map((name) => path.resolve(name));
const only = process.env.ONLY ?? "";
const TEMPLATE = "infrastructure/template.yaml";
const MODIFIER = "Control";

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const files = Object.fromEntries(
  readdirSync(demo, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => [path.relative(demo, file), readFileSync(file, "utf8")]),
);

/** A test has the page of a workbench with a file open at a line, and the workspace on disk. */
const tests = [
  {
    title: "a wrong value is underlined; hovering says why, and what the fix writes",
    at: `${TEMPLATE}:29:29`,
    run: async ({ page, picture }) => {
      await page.waitForSelector(".squiggly-warning, .squiggly-error");
      await page.keyboard.press(`${MODIFIER}+k`);
      await page.keyboard.press(`${MODIFIER}+i`);
      const hover = page.locator(".monaco-hover", { hasText: "SQS queues encrypt their messages" }).first();
      await hover.waitFor();
      await page.locator(".monaco-hover", { hasText: "SqsManagedSseEnabled: true" }).first().waitFor();
      await picture("hover");
    },
  },
  {
    title: "the status bar says how much was found, and opens the menu",
    at: `${TEMPLATE}:1:1`,
    run: async ({ page, picture }) => {
      await page.locator('.statusbar-item[aria-label$=" in 3 files"]', { hasText: "Setsquare" }).click();
      await page.locator(".quick-input-list .monaco-list-row", { hasText: "Fix all in this file" }).waitFor();
      await picture("menu");
    },
  },
  {
    title: "the link at a finding's code opens the rule's page, from the server",
    at: `${TEMPLATE}:29:29`,
    run: async ({ page, picture }) => {
      await page.waitForSelector(".squiggly-warning, .squiggly-error");
      await page.keyboard.press(`${MODIFIER}+k`);
      await page.keyboard.press(`${MODIFIER}+i`);
      await page.locator(".monaco-hover .code-link", { hasText: "aws-sqs-encrypted" }).first().click();
      await page.locator('.tab[aria-label*="aws-sqs-encrypted"]').waitFor();
      const body = page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame").locator("body");
      await body.getByText("SQS queues encrypt their messages").first().waitFor();
      await picture("page");
    },
  },
  {
    title: "a quick fix is chosen from the menu, and written to disk when the file is saved",
    at: `${TEMPLATE}:29:29`,
    run: async ({ page, picture, disk }) => {
      await page.waitForSelector(".squiggly-warning, .squiggly-error");
      await page.keyboard.press(`${MODIFIER}+.`);
      await page.locator(".action-widget .monaco-list-row", { hasText: "Set SqsManagedSseEnabled to true" }).waitFor();
      await picture("quick-fix");
      await page.keyboard.press("Enter");
      await page.locator(".view-line", { hasText: /SqsManagedSseEnabled:\s+true/ }).waitFor();
      await page.keyboard.press(`${MODIFIER}+s`);
      await until(() => disk(TEMPLATE).includes("SqsManagedSseEnabled: true"));
      await picture("fixed");
      const expected = files[TEMPLATE].replace("SqsManagedSseEnabled: false", "SqsManagedSseEnabled: true");
      equal(disk(TEMPLATE), expected);
    },
  },
  {
    title: "the Problems panel shows findings in files that are not open",
    at: `${TEMPLATE}:1:1`,
    run: async ({ page, picture }) => {
      await page.keyboard.press(`${MODIFIER}+Shift+m`);
      await page.locator(".markers-panel .monaco-list-row").first().waitFor();
      await picture("problems");
      await page.locator('.action-label[aria-label="Collapse All"]:visible').last().click();
      for (const name of ["main.tf", "network.tf", "template.yaml"]) {
        await page.locator(".markers-panel .monaco-list-row", { hasText: name }).first().waitFor();
      }
    },
  },
  {
    title: "a fix that replaces a resource is previewed, and applied after a yes",
    at: `${TEMPLATE}:41:10`,
    run: async ({ page, picture, disk }) => {
      await page.waitForSelector(".squiggly-warning, .squiggly-error");
      await page.keyboard.press(`${MODIFIER}+.`);
      await page.locator(".action-widget .monaco-list-row", { hasText: "(replaces the resource)" }).first().click();
      await page.locator(".bulk-edit-panel, .bulk-edit-empty").first().waitFor();
      await picture("preview");
      equal(disk(TEMPLATE), files[TEMPLATE]);
      await page.locator(".bulk-edit-panel .monaco-list-row .monaco-checkbox, .bulk-edit-panel .edit-checkbox").first().click();
      await page.locator(".bulk-edit-panel .monaco-button", { hasText: "Apply" }).first().click();
      await page.locator(".tab.active.dirty").waitFor();
      await page.locator(".view-line").last().click();
      await page.keyboard.press(`${MODIFIER}+s`);
      await until(() => disk(TEMPLATE) === files[TEMPLATE].replace('Default: "false"', 'Default: "true"'));
      await picture("preview-applied");
    },
  },
  {
    title: "fixing all in the workspace shows every change first",
    at: `${TEMPLATE}:1:1`,
    run: async ({ page, picture, disk }) => {
      await page.waitForSelector(".squiggly-warning, .squiggly-error");
      await command(page, "Setsquare: Fix All in Workspace");
      const rows = page.locator(".bulk-edit-panel .monaco-list-row");
      await rows.first().waitFor();
      await picture("workspace-preview");
      equal(disk(TEMPLATE), files[TEMPLATE]);
      await rows.filter({ hasText: "main.tf" }).locator(".monaco-tl-twistie").click();
      await rows.filter({ hasText: "network.tf" }).first().waitFor();
      await page.locator(".bulk-edit-panel .monaco-button", { hasText: "Apply" }).first().click();
      const said = page.locator(".notification-list-item-message", { hasText: /findings in the workspace fixed in 3 files/ });
      const [, left] = /(\d+) could not be fixed/.exec(await said.textContent());
      const status = page.locator('.statusbar-item[aria-label^="Setsquare: "]').first();
      // One fix may repair what another rule had no fix for.
      await until(async () => Number(/(\d+) findings/.exec(await status.getAttribute("aria-label"))?.[1]) <= Number(left));
      await picture("workspace-fixed");
    },
  },
  {
    title: "the walkthrough is there",
    at: `${TEMPLATE}:1:1`,
    run: async ({ page, picture }) => {
      await page.waitForSelector(".squiggly-warning, .squiggly-error");
      await command(page, "Welcome: Open Walkthrough");
      await page.locator(".quick-input-list .monaco-list-row", { hasText: "Get started with Setsquare" }).first().waitFor();
      await page.keyboard.type("Setsquare");
      await page.locator(".quick-input-list .monaco-list-row.focused", { hasText: "with Setsquare" }).waitFor();
      await page.keyboard.press("Enter");
      await page.locator(".getting-started-step", { hasText: "Fix on save" }).first().waitFor();
      await picture("walkthrough");
    },
  },
];

const equal = (actual, expected) => {
  if (actual !== expected) {
    throw new Error(`expected\n${expected}\nis\n${actual}`);
  }
};

async function until(holds) {
  for (let tries = 0; !(await holds()); tries += 1) {
    if (tries > 400) {
      throw new Error(`waited in vain for ${holds}`);
    }
    await wait(50);
  }
}

/** Runs the first command of the palette that a text finds. */
async function command(page, text) {
  await page.keyboard.press("F1");
  const input = page.locator(".quick-input-widget input[type=text]");
  await input.waitFor();
  await input.fill(`>${text}`);
  await page.locator(".quick-input-list .monaco-list-row.focused", { hasText: text.split(": ")[1] }).waitFor();
  await page.keyboard.press("Enter");
}

let failed = 0;
let passed = 0;

async function test(title, name, browser, run) {
  const begin = Date.now();
  try {
    await run();
    passed += 1;
    console.log(`ok    ${title} (${Date.now() - begin} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${title}\n${error.stack}`);
    await browser.page.screenshot({ path: path.join(out, `failed-${name}.png`) }).catch(() => undefined);
  }
}

const workbench = (editor, at) => {
  const uri = `vscode-remote://127.0.0.1:${editor.port}${editor.workspace}/${at}`;
  const payload = JSON.stringify([
    ["openFile", uri],
    ["gotoLineMode", "true"],
    ["skipWelcome", "true"],
  ]);
  return editor.address({ folder: editor.workspace, payload });
};

// Only what the system has: no other Python, no setsquare.
const environment = { PATH: "/usr/bin:/bin" };
const settings = { "setsquare.minimumSeverity": "low", "workbench.colorTheme": "Default Light Modern", "editor.hover.above": false };

const editor = await startEditor({ files, packages: [vsix], settings, environment, logs: path.join(out, "logs") });
let browser = await openBrowser();
try {
  for (const [index, { title, at, run }] of tests.entries()) {
    if (!title.includes(only)) {
      continue;
    }
    const picture = async (name) => {
      await wait(300);
      await browser.page.screenshot({ path: path.join(out, `${name}.png`) });
    };
    const disk = (name) => readFileSync(path.join(editor.workspace, name), "utf8");
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(path.join(editor.workspace, name), text);
    }
    await test(title, index, browser, async () => {
      await browser.page.goto(workbench(editor, at), { waitUntil: "domcontentloaded" });
      await browser.page.locator(".tab.active", { hasText: path.basename(at.split(":")[0]) }).waitFor();
      await run({ page: browser.page, picture, disk });
      equal([...browser.outside].join(", "), "");
    });
    // A new browser: what a test left open or unsaved is not found by the next.
    await browser.browser.close();
    browser = await openBrowser();
  }
} finally {
  await browser.browser.close();
  await editor.stop();
}

if ("install".includes(only)) {
  await withoutServer();
}
if ("selected".includes(only)) {
  await inSelectedEnvironment();
}
if ("untrusted".includes(only)) {
  await untrusted();
}

if (pictures !== undefined && failed === 0) {
  for (const name of ["hover", "quick-fix"]) {
    copyFileSync(path.join(out, `${name}.png`), path.join(pictures, `vscode-${name}.png`));
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** Where no server is found, a person is told so, and asked before anything is installed. */
async function withoutServer() {
  const bare = await startEditor({ files, packages: [universal], settings, environment, logs: path.join(out, "logs-bare") });
  const visitor = await openBrowser();
  try {
    await test("without a server, Install says what it will run", "install", visitor, async () => {
      const { page } = visitor;
      await page.goto(workbench(bare, "infrastructure/main.tf:1:1"), { waitUntil: "domcontentloaded" });
      const message = page.locator(".notification-toast", { hasText: "Setsquare found no server to start" });
      await message.locator(".monaco-button", { hasText: "Install" }).click();
      const dialog = page.locator(".monaco-dialog-box", { hasText: "Install the Setsquare server?" });
      await dialog.getByText(/This will run:.*python3 -m venv .* -m pip install --upgrade setsquare~=/s).waitFor();
      await page.screenshot({ path: path.join(out, "install.png") });
      await dialog.locator(".monaco-button", { hasText: "Cancel" }).click();
      equal(existsSync(path.join(bare.data, "User/globalStorage/setsquare.setsquare/server")), false);
      equal([...visitor.outside].join(", "), "");
    });
  } finally {
    await visitor.browser.close();
    await bare.stop();
  }
}

/** The universal package finds the server in the environment that is selected in the Python extension. */
async function inSelectedEnvironment() {
  const environments = path.join(out, "environments.vsix");
  const vsce = path.join(root, "node_modules/@vscode/vsce/vsce");
  const flags = ["package", "--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", environments];
  execFileSync(process.execPath, [vsce, ...flags], { cwd: path.join(root, "test/environments") });
  const bare = await startEditor({
    files,
    packages: [universal, environments],
    settings,
    machine: { "python.defaultInterpreterPath": "/usr/bin/python3" },
    environment,
    logs: path.join(out, "logs-selected"),
  });
  const visitor = await openBrowser();
  try {
    await test("the server is found in the environment that is selected, as soon as it is", "selected", visitor, async () => {
      const { page } = visitor;
      await page.goto(workbench(bare, `${TEMPLATE}:29:29`), { waitUntil: "domcontentloaded" });
      await page.locator('.statusbar-item[aria-label*="it is not installed for /usr/bin/python3"]').waitFor();
      const selected = { "python.defaultInterpreterPath": path.resolve(root, "../.venv/bin/python") };
      writeFileSync(path.join(bare.data, "Machine/settings.json"), JSON.stringify(selected));
      await page.waitForSelector(".squiggly-warning, .squiggly-error");
      await page.locator('.statusbar-item[aria-label$=" in 3 files"]', { hasText: "Setsquare" }).click();
      await page.getByText("in the selected environment").first().waitFor();
    });
  } finally {
    await visitor.browser.close();
    await bare.stop();
  }
}

/** A workspace that nobody trusts names a program as the server: it must not be started, and the rest must work. */
async function untrusted() {
  const trap = "#!/bin/sh\ntouch \"$(dirname \"$0\")/started\"\n";
  const named = { "setsquare.server.path": "PLACE/trap.sh", "setsquare.server.python": "PLACE/trap.sh" };
  const strangers = await startEditor({
    files: { ...files, "trap.sh": trap },
    packages: [vsix],
    settings,
    environment,
    trust: true,
    logs: path.join(out, "logs-untrusted"),
  });
  const text = JSON.stringify(named).replaceAll("PLACE", strangers.workspace);
  mkdirSync(path.join(strangers.workspace, ".vscode"));
  writeFileSync(path.join(strangers.workspace, ".vscode/settings.json"), text);
  chmodSync(path.join(strangers.workspace, "trap.sh"), 0o755);
  const visitor = await openBrowser();
  try {
    await test("a program that an untrusted workspace names is not started", "untrusted", visitor, async () => {
      const { page } = visitor;
      await page.goto(workbench(strangers, `${TEMPLATE}:29:29`), { waitUntil: "domcontentloaded" });
      await page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor();
      await page.waitForSelector(".squiggly-warning, .squiggly-error");
      await page.screenshot({ path: path.join(out, "untrusted.png") });
      equal(existsSync(path.join(strangers.workspace, "started")), false);
    });
  } finally {
    await visitor.browser.close();
    await strangers.stop();
  }
}
