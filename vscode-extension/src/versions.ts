/** Returns what to say where the server is not of the extension's minor version; undefined where it fits. */
export function mismatch(extension: string, server: string | undefined): string | undefined {
  if (server !== undefined && minor(server) === minor(extension)) {
    return undefined;
  }
  return `the extension is version ${extension}, the server ${server ?? "does not say which"}`;
}

function minor(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}
