import path from "node:path";

/** The workspace of the tests: its folders are the folders of the workspace. */
export const fixture = path.resolve(import.meta.dirname, "../fixture");
