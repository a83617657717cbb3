import type { Machine } from "../../src/machine";

/** What a Python answers to the question of what it is. */
export function python(version: readonly [number, number], more: Record<string, unknown> = {}): string {
  return JSON.stringify({ implementation: "cpython", version, freeThreaded: false, machine: "x86_64", ...more });
}

/** A machine with these programs; what each prints, whatever it is asked, or undefined where it cannot be run. */
export function machine(programs: Record<string, string | undefined>, more: Partial<Machine> = {}): Machine {
  return {
    platform: "linux",
    architecture: "x64",
    home: "/home/ada",
    environment: { PATH: "/usr/local/bin:/usr/bin" },
    isFile: (path) => path in programs,
    isProgram: (path) => path in programs && !path.endsWith(".txt"),
    run: (command) => Promise.resolve(programs[command]),
    ...more,
  };
}
