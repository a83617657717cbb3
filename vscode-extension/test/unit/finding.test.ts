import assert from "node:assert/strict";
import { findServer, type Places } from "../../src/finding";
import type { Machine } from "../../src/machine";
import { machine, python } from "./machines";

const BUNDLED = "/extension/bundled/run.py";
const INSTALLED = "/storage/server/bin/setsquare";

function places(more: Partial<Places> = {}): Places {
  return {
    path: "",
    python: "",
    bundled: BUNDLED,
    installed: INSTALLED,
    selectedPython: () => Promise.resolve(undefined),
    ...more,
  };
}

interface Case {
  readonly name: string;
  readonly on: Machine;
  readonly places?: Partial<Places>;
  readonly command?: readonly string[];
  readonly reasons?: RegExp;
}

const selected = (path: string) => (): Promise<string> => Promise.resolve(path);
const PATH_ONE = { "/usr/bin/setsquare": "" };
const GOOD = { "/usr/bin/python3": python([3, 12]) };

const CASES: readonly Case[] = [
  {
    name: "the setting wins",
    on: machine({ ...PATH_ONE, ...GOOD, [BUNDLED]: "", "/opt/setsquare": "" }),
    places: { path: "/opt/setsquare" },
    command: ["/opt/setsquare", "lsp"],
  },
  {
    name: "a setting may begin with the home folder",
    on: machine({ "/home/ada/bin/setsquare": "" }),
    places: { path: "~/bin/setsquare" },
    command: ["/home/ada/bin/setsquare", "lsp"],
  },
  {
    name: "a setting that names nothing is said, and not passed over",
    on: machine(PATH_ONE),
    places: { path: "/opt/setsquare" },
    reasons: /`\/opt\/setsquare`, which is no program/,
  },
  {
    name: "a setting that names a file which cannot be run is said",
    on: machine({ ...PATH_ONE, "/opt/setsquare.txt": "" }),
    places: { path: "/opt/setsquare.txt" },
    reasons: /which is no program/,
  },
  {
    name: "a setting with a relative path is refused",
    on: machine({ ...PATH_ONE, "./setsquare": "" }),
    places: { path: "./setsquare" },
    reasons: /not a full path/,
  },
  {
    name: "the server in the package comes before the PATH",
    on: machine({ ...PATH_ONE, ...GOOD, [BUNDLED]: "" }),
    command: ["/usr/bin/python3", "-I", "-S", BUNDLED, "lsp"],
  },
  {
    name: "a Python that is too old is passed over",
    on: machine({ "/usr/bin/python3": python([3, 10]), "/usr/bin/python3.13": python([3, 13]), [BUNDLED]: "" }),
    command: ["/usr/bin/python3.13", "-I", "-S", BUNDLED, "lsp"],
  },
  {
    name: "a Python that cannot be run is passed over",
    on: machine({ "/usr/local/bin/python3": undefined, ...GOOD, [BUNDLED]: "" }),
    command: ["/usr/bin/python3", "-I", "-S", BUNDLED, "lsp"],
  },
  {
    name: "a Python of another kind, machine or newer than the libraries is passed over",
    on: machine({
      "/usr/local/bin/python3": python([3, 12], { machine: "aarch64" }),
      "/usr/bin/python3": python([3, 12], { implementation: "pypy" }),
      "/usr/bin/python": python([3, 14], { freeThreaded: true }),
      "/usr/bin/python3.14": python([3, 15]),
      "/usr/bin/python3.11": python([3, 11]),
      [BUNDLED]: "",
    }),
    command: ["/usr/bin/python3.11", "-I", "-S", BUNDLED, "lsp"],
  },
  {
    name: "the selected environment runs the server in the package where the PATH has no Python",
    on: machine({ "/env/bin/python": python([3, 12]), [BUNDLED]: "" }),
    places: { selectedPython: selected("/env/bin/python") },
    command: ["/env/bin/python", "-I", "-S", BUNDLED, "lsp"],
  },
  {
    name: "a Python that the setting names and that does not fit is said",
    on: machine({ ...GOOD, "/opt/python": python([3, 9]), [BUNDLED]: "" }),
    places: { python: "/opt/python" },
    reasons: /\/opt\/python is cpython 3\.9, not CPython 3\.11 to 3\.14/,
  },
  {
    name: "without a server in the package, the PATH is looked through",
    on: machine({ ...PATH_ONE, ...GOOD }),
    command: ["/usr/bin/setsquare", "lsp"],
  },
  {
    name: "where uv and pipx install is looked at, even if it is not on the PATH",
    on: machine({ "/home/ada/.local/bin/setsquare": "" }),
    command: ["/home/ada/.local/bin/setsquare", "lsp"],
  },
  {
    name: "a relative folder on the PATH is not looked at",
    on: machine({ "bin/setsquare": "", "./setsquare": "" }, { environment: { PATH: ".:bin" } }),
    reasons: /not on the PATH/,
  },
  {
    name: "what the extension installed comes next",
    on: machine({ [INSTALLED]: "" }),
    command: [INSTALLED, "lsp"],
  },
  {
    name: "the selected environment comes last, and imports nothing from the working directory",
    on: machine({ "/env/bin/python": "setsquare 0.1.0" }),
    places: { selectedPython: selected("/env/bin/python") },
    command: ["/env/bin/python", "-P", "-m", "setsquare", "lsp"],
  },
  {
    name: "nothing found is said with all reasons",
    on: machine({ "/usr/bin/python3": python([3, 9]), "/env/bin/python": undefined, [BUNDLED]: "" }),
    places: { selectedPython: selected("/env/bin/python") },
    reasons: /needs CPython 3\.11 to 3\.14.*not on the PATH.*not installed for \/env\/bin\/python/,
  },
  {
    name: "on Windows, the program has its suffix and the stub that opens a shop is no Python",
    on: machine(
      {
        "C:\\Apps\\Microsoft\\WindowsApps\\python3.exe": python([3, 12]),
        "C:\\Python\\python.exe": python([3, 12]),
        [BUNDLED]: "",
      },
      { platform: "win32", environment: { Path: "C:\\Apps\\Microsoft\\WindowsApps;C:\\Python" } },
    ),
    command: ["C:\\Python\\python.exe", "-I", "-S", BUNDLED, "lsp"],
  },
];

describe("Finding the server", () => {
  for (const { name, on, places: more, command, reasons } of CASES) {
    it(name, async () => {
      const found = await findServer(on, places(more));
      if ("reasons" in found) {
        assert.equal(command, undefined, found.reasons.join("; "));
        assert.match(found.reasons.join("; "), reasons ?? /^$/);
      } else {
        assert.deepEqual([found.command, ...found.args], command);
      }
    });
  }
});
