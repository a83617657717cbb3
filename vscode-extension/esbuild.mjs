// node esbuild.mjs [test]: the extension in dist/, and with `test` also the tests in out/.
import { rmSync, readdirSync, statSync } from "node:fs";
import { build } from "esbuild";

const common = {
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  external: ["vscode", "mocha"],
  logLevel: "warning",
};
const LARGEST = 500 * 1000;

rmSync("dist", { recursive: true, force: true });
await build({
  ...common,
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  minify: true,
  legalComments: "none",
});
const { size } = statSync("dist/extension.js");
console.log(`dist/extension.js: ${Math.round(size / 1000)} kB`);
if (size > LARGEST) {
  throw new Error(`the extension must not be larger than ${LARGEST / 1000} kB`);
}

if (process.argv.includes("test")) {
  rmSync("out", { recursive: true, force: true });
  for (const suite of ["unit", "host"]) {
    const files = readdirSync(`test/${suite}`).filter((name) => name.endsWith(".ts"));
    await build({ ...common, entryPoints: files.map((name) => `test/${suite}/${name}`), outdir: `out/${suite}` });
  }
}
