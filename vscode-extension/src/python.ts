import type { Machine } from "./machine";
import { found } from "./programs";

export const OLDEST = 11;
export const NEWEST = 14;
export const SUPPORTED = `CPython 3.${OLDEST} to 3.${NEWEST}`;

/** What a Python says of itself. */
interface Facts {
  readonly implementation: string;
  readonly version: readonly [number, number];
  readonly freeThreaded: boolean;
  readonly machine: string;
}

const QUESTION = [
  "import sys, os, json",
  "machine = os.uname().machine if hasattr(os, 'uname') else ('arm64' if 'ARM64' in sys.version else 'x86_64')",
  "print(json.dumps({'implementation': sys.implementation.name, 'version': sys.version_info[:2]," +
    " 'freeThreaded': 'free-threading' in sys.version, 'machine': machine}))",
].join("\n");

const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "x64", amd64: "x64", aarch64: "arm64", arm64: "arm64" };

/** Returns why a Python cannot run the server in this package; undefined where it can. */
export async function refusal(machine: Machine, python: string): Promise<string | undefined> {
  const facts = await factsOf(machine, python);
  if (facts === undefined) {
    return `${python} cannot be run`;
  }
  const [major, minor] = facts.version;
  if (facts.implementation !== "cpython" || major !== 3 || minor < OLDEST || minor > NEWEST || facts.freeThreaded) {
    const kind = facts.freeThreaded ? "free-threaded " : "";
    return `${python} is ${kind}${facts.implementation} ${major}.${minor}, not ${SUPPORTED}`;
  }
  if (ARCHITECTURES[facts.machine.toLowerCase()] !== machine.architecture) {
    return `${python} is for ${facts.machine}, not for ${machine.architecture}`;
  }
  return undefined;
}

/** Returns the Pythons on the `PATH`, the usual names first. */
export function* pythonsOnPath(machine: Machine): Generator<string> {
  const numbered = Array.from({ length: NEWEST - OLDEST + 1 }, (_, index) => `python3.${NEWEST - index}`);
  for (const name of ["python3", "python", ...numbered]) {
    // Windows has a stub of this name that opens a shop.
    for (const path of found(machine, name)) {
      if (!path.includes("\\WindowsApps\\")) {
        yield path;
      }
    }
  }
}

async function factsOf(machine: Machine, python: string): Promise<Facts | undefined> {
  const printed = await machine.run(python, ["-I", "-S", "-c", QUESTION]);
  if (printed === undefined) {
    return undefined;
  }
  try {
    return JSON.parse(printed) as Facts;
  } catch {
    return undefined;
  }
}
