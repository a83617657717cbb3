import { posix, win32 } from "node:path";
import type { Machine } from "./machine";

/** The path rules of a machine. */
export function pathsOf(machine: Machine): typeof posix {
  return machine.platform === "win32" ? win32 : posix;
}

/** Returns where a program is found: on the `PATH`, in its order, then where uv and pipx put what they install. */
export function* found(machine: Machine, name: string): Generator<string> {
  const paths = pathsOf(machine);
  const variable = machine.environment["PATH"] ?? machine.environment["Path"] ?? "";
  const folders = [...variable.split(paths.delimiter), paths.join(machine.home, ".local", "bin")];
  const file = machine.platform === "win32" ? `${name}.exe` : name;
  for (const folder of new Set(folders)) {
    // A relative folder would be one of the workspace, which must not say what is run.
    if (paths.isAbsolute(folder) && machine.isProgram(paths.join(folder, file))) {
      yield paths.join(folder, file);
    }
  }
}
