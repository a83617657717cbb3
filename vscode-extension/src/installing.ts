import type { Machine } from "./machine";
import { found, pathsOf } from "./programs";
import { OLDEST, pythonsOnPath } from "./python";

/** What an installation runs, step by step, and the server that is there afterwards. */
export interface Installation {
  readonly steps: readonly (readonly [command: string, ...args: string[]])[];
  /** The program, where it is not on the `PATH` afterwards. */
  readonly program?: string;
}

/**
 * Returns how the server can be installed on a machine; undefined where neither uv, pipx nor a Python is there.
 *
 * @param version of the extension: the server's must fit.
 * @param folder for an environment of its own, where nothing but pip is there.
 */
export async function installation(machine: Machine, version: string, folder: string): Promise<Installation | undefined> {
  const wanted = `setsquare~=${version}`;
  // uv first: it brings a Python where the machine has none that fits.
  for (const uv of found(machine, "uv")) {
    return { steps: [[uv, "tool", "install", "--force", wanted]] };
  }
  for (const pipx of found(machine, "pipx")) {
    return { steps: [[pipx, "install", "--force", wanted]] };
  }
  for (const python of pythonsOnPath(machine)) {
    if (await isRecent(machine, python)) {
      return ownEnvironment(machine, python, wanted, folder);
    }
  }
  return undefined;
}

/** Returns the steps as a person would type them. */
export function typed(steps: Installation["steps"]): string {
  const quoted = (word: string): string => (/\s/.test(word) ? `"${word}"` : word);
  return steps.map((step) => step.map(quoted).join(" ")).join("\n");
}

/** Returns the program in an environment that an installation made. */
export function programIn(machine: Machine, folder: string): string {
  const paths = pathsOf(machine);
  return machine.platform === "win32"
    ? paths.join(folder, "Scripts", "setsquare.exe")
    : paths.join(folder, "bin", "setsquare");
}

function ownEnvironment(machine: Machine, python: string, wanted: string, folder: string): Installation {
  const paths = pathsOf(machine);
  const inside =
    machine.platform === "win32" ? paths.join(folder, "Scripts", "python.exe") : paths.join(folder, "bin", "python");
  return {
    steps: [
      [python, "-m", "venv", folder],
      [inside, "-m", "pip", "install", "--upgrade", wanted],
    ],
    program: programIn(machine, folder),
  };
}

async function isRecent(machine: Machine, python: string): Promise<boolean> {
  const code = `import sys; sys.exit(sys.version_info < (3, ${OLDEST}))`;
  return (await machine.run(python, ["-I", "-S", "-c", code])) !== undefined;
}
