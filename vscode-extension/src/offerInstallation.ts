import { env, ProcessExecution, type ProcessExecutionOptions, Task, TaskScope, tasks, Uri, window } from "vscode";
import { type Installation, installation, typed } from "./installing";
import { thisMachine } from "./machine";
import type { Server } from "./server";

const UV = "https://docs.astral.sh/uv/getting-started/installation/";

/** Says what an installation of the server would run, and runs it after a yes, where it can be watched. */
export async function offerInstallation(server: Server, version: string): Promise<void> {
  const planned = await installation(thisMachine, version, server.installationFolder);
  if (planned === undefined) {
    const how = "How to Install uv";
    const text = "Neither uv, pipx nor Python 3.11 or later was found. uv brings a Python of its own.";
    if ((await window.showWarningMessage(text, how)) === how) {
      await env.openExternal(Uri.parse(UV));
    }
    return;
  }
  const install = "Install";
  const detail = `This will run:\n\n${typed(planned.steps)}`;
  const answer = await window.showInformationMessage("Install the Setsquare server?", { modal: true, detail }, install);
  if (answer === install && (await succeeds(planned))) {
    await server.restart();
  }
}

async function succeeds(planned: Installation): Promise<boolean> {
  for (const [command, ...args] of planned.steps) {
    if ((await run(command, args)) !== 0) {
      await window.showErrorMessage("The server could not be installed; the terminal says why.");
      return false;
    }
  }
  return true;
}

async function run(command: string, args: string[]): Promise<number | undefined> {
  const options: ProcessExecutionOptions = { cwd: thisMachine.home };
  const execution = new ProcessExecution(command, args, options);
  const task = new Task({ type: "setsquare" }, TaskScope.Workspace, "Install the server", "Setsquare", execution, []);
  const ended = new Promise<number | undefined>((resolve) => {
    const listening = tasks.onDidEndTaskProcess((event) => {
      if (event.execution.task.name === task.name && event.execution.task.source === task.source) {
        listening.dispose();
        resolve(event.exitCode);
      }
    });
  });
  await tasks.executeTask(task);
  return ended;
}
