import type { Machine } from "./machine";
import { found, pathsOf } from "./programs";
import { pythonsOnPath, refusal, SUPPORTED } from "./python";

/** A program to start as the server, and in a few words where it is from. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly origin: string;
}

/** No program was found; the reasons are sentences for a person. */
export interface Missing {
  readonly reasons: readonly string[];
}

/** Where to look. */
export interface Places {
  /** The setting `setsquare.server.path`; empty: not set. */
  readonly path: string;
  /** The setting `setsquare.server.python`; empty: not set. */
  readonly python: string;
  /** The program that starts the server in this package; it is not there in the universal package. */
  readonly bundled: string;
  /** The program that an installation by this extension makes. */
  readonly installed: string;
  /** Asks which Python environment is selected. Not asked where the workspace is not trusted. */
  readonly selectedPython: () => Promise<string | undefined>;
}

// `-I` and `-S`: nothing but this package and Python's own library is imported, whatever is installed beside.
const ALONE = ["-I", "-S"];
// `-P`: what lies in the working directory is not imported.
const MODULE = ["-P", "-m", "setsquare"];

/** Finds the server: by the setting, in this package, on the `PATH`, in the selected Python environment. */
export async function findServer(machine: Machine, places: Places): Promise<Program | Missing> {
  if (places.path !== "") {
    return bySetting(machine, places.path);
  }
  const reasons: string[] = [];
  if (machine.isFile(places.bundled)) {
    const python = await pythonFor(machine, places, reasons);
    if (python !== undefined) {
      return { command: python, args: [...ALONE, places.bundled, "lsp"], origin: `in this package, run by ${python}` };
    }
  }
  for (const command of found(machine, "setsquare")) {
    return { command, args: ["lsp"], origin: `on the PATH: ${command}` };
  }
  if (machine.isProgram(places.installed)) {
    return { command: places.installed, args: ["lsp"], origin: `installed by the extension: ${places.installed}` };
  }
  reasons.push("`setsquare` is not on the PATH");
  const selected = await places.selectedPython();
  if (selected !== undefined && (await machine.run(selected, [...MODULE, "--version"])) !== undefined) {
    return { command: selected, args: [...MODULE, "lsp"], origin: `in the selected environment: ${selected}` };
  }
  if (selected !== undefined) {
    reasons.push(`it is not installed for ${selected}`);
  }
  return { reasons };
}

export function isMissing(result: Program | Missing): result is Missing {
  return "reasons" in result;
}

function bySetting(machine: Machine, written: string): Program | Missing {
  const path = written.replace(/^~(?=[\\/])/, machine.home);
  // A relative path would be one of the workspace, or of wherever the editor was started.
  if (!pathsOf(machine).isAbsolute(path)) {
    return { reasons: [`the setting setsquare.server.path is \`${written}\`, which is not a full path`] };
  }
  if (!machine.isProgram(path)) {
    return { reasons: [`the setting setsquare.server.path is \`${written}\`, which is no program`] };
  }
  return { command: path, args: ["lsp"], origin: `by the setting: ${path}` };
}

async function pythonFor(machine: Machine, places: Places, reasons: string[]): Promise<string | undefined> {
  if (places.python !== "") {
    const reason = await refusal(machine, places.python);
    if (reason !== undefined) {
      reasons.push(`the setting setsquare.server.python cannot be used: ${reason}`);
    }
    return reason === undefined ? places.python : undefined;
  }
  for (const python of pythonsOnPath(machine)) {
    if ((await refusal(machine, python)) === undefined) {
      return python;
    }
  }
  const selected = await places.selectedPython();
  if (selected !== undefined && (await refusal(machine, selected)) === undefined) {
    return selected;
  }
  reasons.push(`the server in this package needs ${SUPPORTED}, and none is on the PATH`);
  return undefined;
}
