import assert from "node:assert/strict";
import { BackOff } from "../../src/backoff";
import { installation, typed } from "../../src/installing";
import { mismatch } from "../../src/versions";
import { machine } from "./machines";

describe("The wait before another start", () => {
  it("grows, and ends in giving up", () => {
    const backOff = new BackOff();
    backOff.started(0);
    const waits = Array.from({ length: 7 }, () => backOff.ended(1000));
    assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16000, undefined]);
  });

  it("begins anew after a long life, and when a person asks", () => {
    const backOff = new BackOff();
    backOff.started(0);
    backOff.ended(1000);
    backOff.started(2000);
    assert.equal(backOff.ended(1_000_000), 500);
    assert.equal(backOff.ended(1_000_000), 500);
    backOff.started(1_000_000);
    assert.equal(backOff.ended(1_000_001), 1000);
    backOff.forget();
    assert.equal(backOff.ended(1_000_002), 500);
  });
});

describe("Versions", () => {
  for (const [extension, server, said] of [
    ["0.1.0", "0.1.7", undefined],
    ["0.1.0", "0.2.0", "the extension is version 0.1.0, the server 0.2.0"],
    ["1.1.0", "0.1.0", "the extension is version 1.1.0, the server 0.1.0"],
    ["0.1.0", undefined, "the extension is version 0.1.0, the server does not say which"],
  ] as const) {
    it(`${extension} and ${server ?? "none"}`, () => {
      assert.equal(mismatch(extension, server), said);
    });
  }
});

describe("An installation", () => {
  const python = { "/usr/bin/python3": "" };
  for (const [name, programs, steps] of [
    ["takes uv first", { "/usr/bin/uv": "", "/usr/bin/pipx": "", ...python }, "/usr/bin/uv tool install --force setsquare~=0.1.0"],
    ["else pipx", { "/usr/bin/pipx": "", ...python }, "/usr/bin/pipx install --force setsquare~=0.1.0"],
    [
      "else an environment of its own",
      python,
      '/usr/bin/python3 -m venv "/the storage"\n"/the storage/bin/python" -m pip install --upgrade setsquare~=0.1.0',
    ],
    ["is not offered with a Python that is too old", { "/usr/bin/python3": undefined }, undefined],
    ["is not offered where nothing is there", {}, undefined],
  ] as const) {
    it(name, async () => {
      const planned = await installation(machine(programs), "0.1.0", "/the storage");
      assert.equal(planned && typed(planned.steps), steps);
    });
  }
});
