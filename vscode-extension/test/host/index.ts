import { appendFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import Mocha from "mocha";

/** Called by the extension host. It keeps the console to itself, so the report goes to a file. */
export async function run(): Promise<void> {
  const report = process.env["SETSQUARE_TEST_REPORT"] ?? path.join(__dirname, "report.txt");
  const say = (line: string): void => {
    appendFileSync(report, `${line}\n`);
  };
  const mocha = new Mocha({ ui: "bdd", color: false, timeout: 30_000, reporter: "dot" });
  mocha.addFile(path.join(__dirname, "extension.test.js"));
  await new Promise<void>((resolve, reject) => {
    let passed = 0;
    const runner = mocha.run((failures) => {
      say(`${passed} passed, ${failures} failed`);
      if (failures > 0) {
        reject(new Error(`${failures} tests failed`));
      } else {
        resolve();
      }
    });
    runner.on("pass", (test) => {
      passed += 1;
      say(`ok    ${test.title} (${test.duration ?? 0} ms)`);
    });
    runner.on("fail", (test, error: Error) => {
      say(`FAIL  ${test.fullTitle()}\n${error.stack ?? error.message}`);
    });
  });
}
