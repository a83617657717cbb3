import { execFile } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import process from "node:process";

/** What the search for a server needs to know of the machine; tests have a small one of their own. */
export interface Machine {
  readonly platform: string;
  /** As Node calls it: `x64`, `arm64`. */
  readonly architecture: string;
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  isFile(path: string): boolean;
  /** Whether a file is there that can be run. */
  isProgram(path: string): boolean;
  /** Runs a program and returns what it prints; undefined where it cannot be run, fails, or takes too long. */
  run(command: string, args: readonly string[]): Promise<string | undefined>;
}

const PATIENCE = 10_000;

/** A folder on the `PATH` may be closed to us, or a file in the place of one. */
function holds(claim: () => boolean): boolean {
  try {
    return claim();
  } catch {
    return false;
  }
}

const isFile = (path: string): boolean => holds(() => statSync(path).isFile());

function mayBeRun(path: string): boolean {
  accessSync(path, constants.X_OK);
  return true;
}

export const thisMachine: Machine = {
  platform: process.platform,
  architecture: process.arch,
  home: homedir(),
  environment: process.env,
  isFile,
  isProgram: (path) => isFile(path) && holds(() => mayBeRun(path)),
  run: (command, args) =>
    new Promise((resolve) => {
      execFile(command, args, { cwd: homedir(), timeout: PATIENCE, windowsHide: true }, (error, printed) => {
        resolve(error === null ? printed : undefined);
      });
    }),
};
