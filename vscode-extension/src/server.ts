import { Disposable, EventEmitter, type ExtensionContext, type LogOutputChannel, Uri } from "vscode";
import { ExecuteCommandRequest, type LanguageClient, State as ClientState } from "vscode-languageclient/node";
import { BackOff } from "./backoff";
import { clientOf, type Handlers, type Progress } from "./client";
import { Environments } from "./environments";
import { findServer, isMissing, type Missing, type Places, type Program } from "./finding";
import { programIn } from "./installing";
import { thisMachine } from "./machine";
import { ownSetting } from "./settings";
import { mismatch } from "./versions";

/** What is measured: how long the extension takes to find the server, and how long that takes to answer. */
const FINDING = "setsquare: finding the server";
const STARTING = "setsquare: starting the server";

/** What the server is doing. */
export type State =
  | { readonly kind: "starting" }
  | { readonly kind: "checking"; readonly done: string; readonly stop: () => void }
  | { readonly kind: "ready" }
  | { readonly kind: "waiting"; readonly milliseconds: number }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "missing"; readonly reasons: Missing["reasons"] };

/** The server through all its lives: found, started, started again after it ended, stopped. */
export class Server implements Disposable {
  readonly #changed = new EventEmitter<State>();
  readonly #mismatched = new EventEmitter<string>();
  readonly #backOff = new BackOff();
  readonly #environments = new Environments();
  readonly #context: ExtensionContext;
  readonly #handlers: Omit<Handlers, "progress">;
  #state: State = { kind: "starting" };
  #client: LanguageClient | undefined;
  #program: Program | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** One start or stop after the other, however they are asked for. */
  #work: Promise<void> = Promise.resolve();

  readonly onDidChange = this.#changed.event;
  /** Fires with what does not fit together, when the server is of another version than the extension. */
  readonly onMismatch = this.#mismatched.event;

  constructor(context: ExtensionContext, handlers: Omit<Handlers, "progress">) {
    this.#context = context;
    this.#environments.onDidChange(() => void this.reconsider());
    this.#handlers = handlers;
  }

  get state(): State {
    return this.#state;
  }

  /** Where an installation without uv and pipx goes to. */
  get installationFolder(): string {
    return Uri.joinPath(this.#context.globalStorageUri, "server").fsPath;
  }

  /** What a person is told of the program that runs: version and place. */
  get described(): string {
    const version = this.#client?.initializeResult?.serverInfo?.version;
    return `Setsquare ${version ?? ""} (${this.#program?.origin ?? "not started"})`;
  }

  /** Finds and starts the server, or stops it first where it runs. */
  async restart(): Promise<void> {
    this.#backOff.forget();
    await this.#queued(async () => {
      await this.#stop();
      await this.#start();
    });
  }

  /** Restarts the server where another one would be found now. */
  async reconsider(): Promise<void> {
    const found = await this.#find();
    const same = !isMissing(found) && JSON.stringify(found) === JSON.stringify(this.#program);
    if (!same) {
      await this.restart();
    }
  }

  async stop(): Promise<void> {
    await this.#queued(() => this.#stop());
  }

  /** Runs a command of the server; undefined where there is none running. */
  async execute(command: string, ...args: unknown[]): Promise<unknown> {
    return this.#client?.isRunning() === true
      ? this.#client.sendRequest(ExecuteCommandRequest.type, { command, arguments: args })
      : undefined;
  }

  dispose(): void {
    void this.stop();
    Disposable.from(this.#changed, this.#mismatched, this.#environments).dispose();
  }

  get #output(): LogOutputChannel {
    return this.#handlers.output;
  }

  async #queued(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#failed(String(error));
    });
    await this.#work;
  }

  async #start(): Promise<void> {
    this.#become({ kind: "starting" });
    const begin = performance.now();
    const found = await this.#find();
    performance.measure(FINDING, { start: begin });
    if (isMissing(found)) {
      this.#program = undefined;
      found.reasons.forEach((reason) => {
        this.#output.warn(`Server not found: ${reason}.`);
      });
      this.#become({ kind: "missing", reasons: found.reasons });
      return;
    }
    this.#program = found;
    this.#output.info(`Starting the server ${found.origin}.`);
    this.#backOff.started(Date.now());
    const client = clientOf(found, this.#context.extensionPath, {
      ...this.#handlers,
      progress: (token, value) => {
        this.#progressed(client, token, value);
      },
    });
    this.#client = client;
    client.onDidChangeState(({ newState }) => {
      if (newState === ClientState.Stopped && client === this.#client) {
        this.#ended(client);
      }
    });
    const asked = performance.now();
    try {
      await client.start();
      performance.measure(STARTING, { start: asked });
    } catch (error) {
      this.#output.error(`The server did not start: ${String(error)}`);
      this.#ended(client);
      return;
    }
    this.#started(client);
  }

  #started(client: LanguageClient): void {
    if (this.#state.kind === "starting") {
      this.#become({ kind: "ready" });
    }
    const version = client.initializeResult?.serverInfo?.version;
    this.#output.info(`Server ${version ?? "without a version"} is running.`);
    const wrong = mismatch((this.#context.extension.packageJSON as { version: string }).version, version);
    if (wrong !== undefined) {
      this.#output.warn(`Versions differ: ${wrong}.`);
      this.#mismatched.fire(wrong);
    }
  }

  /** Takes note that a client's server is gone without having been asked to go. */
  #ended(client: LanguageClient): void {
    if (client !== this.#client) {
      return;
    }
    this.#client = undefined;
    const milliseconds = this.#backOff.ended(Date.now());
    if (milliseconds === undefined) {
      this.#failed("The server ended too often; it is not started again by itself");
      return;
    }
    this.#output.warn(`The server ended; it is started again in ${milliseconds} ms.`);
    this.#become({ kind: "waiting", milliseconds });
    this.#retry = setTimeout(() => void this.#queued(() => this.#start()), milliseconds);
  }

  #failed(reason: string): void {
    this.#output.error(reason);
    this.#become({ kind: "failed", reason });
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#retry);
    const client = this.#client;
    this.#client = undefined;
    try {
      await client?.stop();
    } catch (error) {
      this.#output.warn(`The server did not stop as asked: ${String(error)}`);
    }
  }

  #progressed(client: LanguageClient, token: string | number, value: Progress): void {
    if (client !== this.#client) {
      return;
    }
    if (value.kind === "end") {
      this.#become({ kind: "ready" });
      return;
    }
    const stop = (): void => {
      void client.sendNotification("window/workDoneProgress/cancel", { token });
    };
    this.#become({ kind: "checking", done: value.message ?? "", stop });
  }

  async #find(): Promise<Program | Missing> {
    const places: Places = {
      path: ownSetting("path"),
      python: ownSetting("python"),
      bundled: Uri.joinPath(this.#context.extensionUri, "bundled", "run.py").fsPath,
      installed: programIn(thisMachine, this.installationFolder),
      selectedPython: () => this.#environments.selected(),
    };
    return findServer(thisMachine, places);
  }

  #become(state: State): void {
    this.#state = state;
    this.#changed.fire(state);
  }
}
