import { POLL_MS } from './look.ts';
import type { Usage } from './usage.ts';

/** What a run may use. */
export interface MeterLimits {
  /** Memory of the whole process: baseline and budget. */
  readonly residentBytes: number;
  /** CPU time from the first look on. */
  readonly cpuMs: number;
}

/** Watches one process during one run: reads its use for the receipt, and calls out once when it is over a limit. */
export class Meter {
  readonly #read: () => Usage | undefined;
  readonly #limits: MeterLimits;
  readonly #onExceeded: (what: 'memory' | 'cpu') => void;
  #first: Usage | undefined;
  #timer: NodeJS.Timeout | undefined;
  #last: Usage | undefined;
  #peakBytes = 0;
  #exceeded = false;

  constructor(
    read: () => Usage | undefined,
    limits: MeterLimits,
    onExceeded: (what: 'memory' | 'cpu') => void,
  ) {
    this.#read = read;
    this.#limits = limits;
    this.#onExceeded = onExceeded;
  }

  /**
   * `onExceeded` may be called from here on.
   *
   * @param first - What the process used before the run.
   */
  start(first: Usage | undefined): void {
    this.#first = first;
    if (this.#first === undefined) return;
    this.#note(this.#first);
    this.#timer = setInterval(() => {
      this.sample();
    }, POLL_MS);
  }

  /** Also to be called right before a kill and right after an answer: a dead process has no figures. */
  sample(): void {
    const usage = this.#first && this.#read();
    if (usage !== undefined) this.#note(usage);
  }

  stop(): { readonly cpuMs: number; readonly peakMemoryBytes: number } {
    clearInterval(this.#timer);
    return { cpuMs: this.#cpuMs, peakMemoryBytes: this.#peakBytes };
  }

  #note(usage: Usage): void {
    this.#last = usage;
    // The kernel's peak is of the whole life of the process: it belongs to this run only if it rose since the first look.
    const risen = usage.peakBytes > (this.#first?.peakBytes ?? 0) ? usage.peakBytes : 0;
    this.#peakBytes = Math.max(this.#peakBytes, usage.residentBytes, risen);
    const { residentBytes, cpuMs } = this.#limits;
    const isOverMemory = this.#peakBytes > residentBytes;
    if (this.#exceeded || (!isOverMemory && this.#cpuMs <= cpuMs)) return;
    this.#exceeded = true;
    this.#onExceeded(isOverMemory ? 'memory' : 'cpu');
  }

  get #cpuMs(): number {
    // A process that the task had started and that is gone has taken its time with it.
    return Math.max(0, (this.#last?.cpuMs ?? 0) - (this.#first?.cpuMs ?? 0));
  }
}
