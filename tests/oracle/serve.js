// Answers requests for HashiCorp's formatter and parser: one JSON object per line in, one per line out, in order.
const { format } = require("@cdktn/hcl-tools");
const { parse } = require("@cdktn/hcl2json");
const readline = require("node:readline");

const calls = { format: (text) => format(text), parse: (text) => parse("text.tf", text) };

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { call, text } = JSON.parse(line);
    let answer;
    try {
      answer = { result: await calls[call](text) };
    } catch (error) {
      answer = { error: String(error) };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
}

main();
