import { createHash } from 'node:crypto';
import type { ResourceErrorCode } from './errors.ts';
import type { Limits } from './limits.ts';

/** Ends of a run that say something about its input, and not about its caller or the host. */
const KILLS: ReadonlySet<ResourceErrorCode> = new Set<ResourceErrorCode>([
  'ERR_RESOURCE_TIMEOUT',
  'ERR_RESOURCE_MEMORY_LIMIT',
  'ERR_RESOURCE_CPU_LIMIT',
  'ERR_RESOURCE_CRASHED',
]);

/** One call, as far as it matters here. */
export interface Dose {
  readonly task: string;
  readonly body: Uint8Array;
  /** The caller's own name for the input. */
  readonly digest: string | undefined;
  readonly limits: Limits;
}

interface Record {
  kills: number;
  /** Whether one of them was in a process that no other run has been in. */
  isProved: boolean;
  until: number;
  /** The most that it was given and still did not end well; with more it might. */
  timeoutMs: number;
  memoryMb: number;
  cpuMs: number;
}

/**
 * Remembers which inputs killed their process, so that the same one cannot do it over and over. Inputs are told apart by
 * task and SHA-256; nothing is hashed as long as none of the same length has killed.
 *
 * What an earlier run has left behind in a process can kill the next run there, whatever its input is. So a kill in a used
 * process is a suspicion, which nothing is refused for: the suspect's next run is to be the first of a process, and what
 * becomes of it there proves the suspicion or ends it.
 */
export class PoisonBreaker {
  readonly #kills: number;
  readonly #forMs: number;
  readonly #max: number;
  // In the order of their last kill.
  readonly #records = new Map<string, Record>();
  readonly #sizes = new Map<string, number>();

  constructor({
    kills,
    forMs,
    max,
  }: {
    readonly kills: number;
    readonly forMs: number;
    readonly max: number;
  }) {
    this.#kills = kills;
    this.#forMs = forMs;
    this.#max = max;
  }

  /** Inputs remembered at present. */
  get size(): number {
    return this.#records.size;
  }

  /** @returns for how long this call is refused, in milliseconds; 0 if it is not. */
  refuseMs(dose: Dose, now: number): number {
    if (!this.#sizes.has(sizeOf(dose))) return 0;
    const record = this.#records.get(keyOf(dose));
    if (record === undefined || !record.isProved || record.kills < this.#kills) return 0;
    const { limits } = dose;
    const hasMore =
      limits.timeoutMs > record.timeoutMs || limits.memoryMb > record.memoryMb || limits.cpuMs > record.cpuMs;
    return hasMore ? 0 : Math.max(0, record.until - now);
  }

  /** Whether it has killed, and only where something else may have done it. */
  suspects(dose: Dose, now: number): boolean {
    if (!this.#sizes.has(sizeOf(dose))) return false;
    const record = this.#records.get(keyOf(dose));
    return record !== undefined && !record.isProved && record.until > now;
  }

  /**
   * Notes how a run ended.
   *
   * @param isFirst - Whether it was the first one of its process.
   */
  note(dose: Dose, outcome: ResourceErrorCode | 'completed', isFirst: boolean, now: number): void {
    if (outcome === 'completed') {
      if (isFirst && this.suspects(dose, now)) this.#forget(keyOf(dose));
      return;
    }
    if (!KILLS.has(outcome)) return;
    this.#forgetExpired(now);
    const key = keyOf(dose);
    const { timeoutMs, memoryMb, cpuMs } = dose.limits;
    const known = this.#records.get(key);
    if (known !== undefined) this.#forget(key);
    this.#records.set(key, {
      kills: (known?.kills ?? 0) + 1,
      isProved: isFirst || known?.isProved === true,
      until: now + this.#forMs,
      timeoutMs: Math.max(timeoutMs, known?.timeoutMs ?? 0),
      memoryMb: Math.max(memoryMb, known?.memoryMb ?? 0),
      cpuMs: Math.max(cpuMs, known?.cpuMs ?? 0),
    });
    this.#sizes.set(sizeOf(dose), (this.#sizes.get(sizeOf(dose)) ?? 0) + 1);
    const [oldest] = this.#records.keys();
    if (this.#records.size > this.#max && oldest !== undefined) this.#forget(oldest);
  }

  #forgetExpired(now: number): void {
    for (const [key, { until }] of this.#records) {
      if (until > now) return;
      this.#forget(key);
    }
  }

  #forget(key: string): void {
    this.#records.delete(key);
    const size = key.slice(0, key.lastIndexOf(' '));
    const left = (this.#sizes.get(size) ?? 1) - 1;
    if (left === 0) this.#sizes.delete(size);
    else this.#sizes.set(size, left);
  }
}

/** The task's name cannot blur the border: the parts after it hold no space. */
function sizeOf({ task, body, digest }: Dose): string {
  return `${task} ${digest === undefined ? body.byteLength : 'named'}`;
}

function keyOf(dose: Dose): string {
  const { body, digest } = dose;
  const hash = createHash('sha256')
    .update(digest ?? body)
    .digest('base64');
  return `${sizeOf(dose)} ${hash}`;
}
