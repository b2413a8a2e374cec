// What the main thread of a child and its watchdog thread share.

/** Descriptor on which the watchdog says why it ended its process: one byte, and no other writer than it. */
export const LAST_WORD_FD = 4;

/** Why a watchdog ended its process. */
export type WatchReason = 'memory' | 'cpu' | 'time' | 'orphaned';

const WORDS: Readonly<Record<WatchReason, string>> = { memory: 'm', cpu: 'c', time: 't', orphaned: 'o' };

export function writeWord(reason: WatchReason): Uint8Array {
  return Buffer.from(WORDS[reason]);
}

/** @returns `undefined` for anything that no watchdog says. */
export function readWord(bytes: Uint8Array): WatchReason | undefined {
  const word = String.fromCharCode(bytes[0] ?? 0);
  return (Object.keys(WORDS) as WatchReason[]).find((reason) => WORDS[reason] === word);
}

/** Limits of the run at hand, as absolute figures of this process. */
export interface WatchLimits {
  /** Resident memory, in bytes. */
  readonly residentBytes: number;
  /** CPU time since the start of the process, in milliseconds. */
  readonly cpuMs: number;
  /** When it must have ended, by `monotonicMs()`. */
  readonly deadlineMs: number;
}

/** Shared memory: written by the main thread between runs, read by the watchdog. */
export class WatchState {
  readonly buffer: SharedArrayBuffer;
  readonly #turn: Int32Array;
  /** 1 while the watchdog sleeps for longer than it may during a run. */
  readonly #resting: Int32Array;
  readonly #limits: Float64Array;

  /** @param buffer - Of the other thread's; without one a new state, which limits nothing. */
  constructor(buffer?: SharedArrayBuffer) {
    this.buffer = buffer ?? new SharedArrayBuffer(8 + 3 * 8);
    this.#turn = new Int32Array(this.buffer, 0, 1);
    this.#resting = new Int32Array(this.buffer, 4, 1);
    this.#limits = new Float64Array(this.buffer, 8, 3);
    if (buffer === undefined) this.#limits.fill(Infinity);
  }

  /** Odd while a run is on; another number for each. */
  get turn(): number {
    return Atomics.load(this.#turn, 0);
  }

  get limits(): WatchLimits {
    const [residentBytes, cpuMs, deadlineMs] = this.#limits as unknown as [number, number, number];
    return { residentBytes, cpuMs, deadlineMs };
  }

  begin({ residentBytes, cpuMs, deadlineMs }: WatchLimits): void {
    this.#limits.set([residentBytes, cpuMs, deadlineMs]);
    Atomics.add(this.#turn, 0, 1);
    // Only from its long sleep: to wake it for each of many short runs would take a core from them.
    if (Atomics.load(this.#resting, 0) === 1) Atomics.notify(this.#turn, 0);
  }

  /** Memory stays limited between runs; time does not. */
  end(): void {
    this.#limits.set([Infinity, Infinity], 1);
    Atomics.add(this.#turn, 0, 1);
  }

  /** Sleeps until the time is up. Blocks its thread. */
  doze(ms: number): void {
    Atomics.wait(this.#turn, 0, this.turn, ms);
  }

  /** Sleeps until a run begins or the time is up; not at all if the turn is another one by now. */
  rest(turn: number, ms: number): void {
    // Before the turn is looked at, so that a run that begins in between finds it.
    Atomics.store(this.#resting, 0, 1);
    Atomics.wait(this.#turn, 0, turn, ms);
    Atomics.store(this.#resting, 0, 0);
  }
}
