const FIRST = 500;
const LONGEST = 30_000;
const MOST = 6;
/** Milliseconds after which a server that ran is not held responsible for how often it ended before. */
const FORGIVEN = 180_000;

/** How long to wait before a server that ended by itself is started again. */
export class BackOff {
  #ended = 0;
  #started = 0;

  started(now: number): void {
    this.#started = now;
  }

  /** Returns the milliseconds to wait; undefined where it has ended too often to try again. */
  ended(now: number): number | undefined {
    this.#ended = now - this.#started > FORGIVEN ? 1 : this.#ended + 1;
    return this.#ended > MOST ? undefined : Math.min(LONGEST, FIRST * 2 ** (this.#ended - 1));
  }

  /** A person asked for another start: what was before does not count. */
  forget(): void {
    this.#ended = 0;
  }
}
