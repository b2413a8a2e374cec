import { readUsage, type Usage } from './usage.ts';

/** Between two looks at a running process. At 25 ms a task that only allocates is some tens of MiB late. */
const POLL_MS = 25;

/** Watches one process during one run: reads its use for the receipt, and calls out once when it is over its limit. */
export class Meter {
  readonly #read: () => Usage | undefined;
  readonly #limitBytes: number;
  readonly #onExceeded: () => void;
  #first: Usage | undefined;
  #timer: NodeJS.Timeout | undefined;
  #last: Usage | undefined;
  #peakBytes = 0;
  #exceeded = false;

  /** @param limitBytes - For the whole process: baseline and budget. */
  constructor(pid: number, limitBytes: number, proc: string, onExceeded: () => void) {
    this.#read = () => readUsage(pid, proc);
    this.#limitBytes = limitBytes;
    this.#onExceeded = onExceeded;
  }

  /** `onExceeded` may be called from here on. */
  start(): void {
    this.#first = this.#read();
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
    return { cpuMs: (this.#last?.cpuMs ?? 0) - (this.#first?.cpuMs ?? 0), peakMemoryBytes: this.#peakBytes };
  }

  #note(usage: Usage): void {
    this.#last = usage;
    // The kernel's peak is of the whole life of the process: it belongs to this run only if it rose since the first look.
    const risen = usage.peakBytes > (this.#first?.peakBytes ?? 0) ? usage.peakBytes : 0;
    this.#peakBytes = Math.max(this.#peakBytes, usage.residentBytes, risen);
    if (this.#exceeded || this.#peakBytes <= this.#limitBytes) return;
    this.#exceeded = true;
    this.#onExceeded();
  }
}
