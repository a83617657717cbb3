// node esbuild.mjs [test]: the extension in dist/, and with `test` also the tests in out/.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
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
const { metafile } = await build({
  ...common,
  entryPoints: ["src/extension.ts"],
  metafile: true,
  outfile: "dist/extension.js",
  minify: true,
  legalComments: "none",
});
writeFileSync("dist/LICENSES.txt", licences(Object.keys(metafile.inputs)));
const { size } = statSync("dist/extension.js");
console.log(`dist/extension.js: ${Math.round(size / 1000)} kB`);
if (size > LARGEST) {
  throw new Error(`the extension must not be larger than ${LARGEST / 1000} kB`);
}

if (process.argv.includes("test")) {
  rmSync("out", { recursive: true, force: true });
  for (const suite of ["unit", "host"]) {
    const files = readdirSync(`test/${suite}`).filter((name) => /^index|test\.ts$/.test(name));
    await build({ ...common, entryPoints: files.map((name) => `test/${suite}/${name}`), outdir: `out/${suite}` });
  }
}

/** Returns the licences of the libraries that the extension is made of: they ask to stay with it. */
function licences(files) {
  const packages = files.flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  const texts = [...new Set(packages)].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    const text = file !== undefined ? readFileSync(`${folder}/${file}`, "utf8") : "";
    return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  });
  return texts.join(`\n${"-".repeat(72)}\n\n`);
}
