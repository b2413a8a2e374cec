import { channel, tracingChannel } from 'node:diagnostics_channel';
import type { Enforcement } from './enforcement.ts';
import type { ResourceErrorCode } from './errors.ts';
import type { Limits } from './limits.ts';

/** What one admitted run waited for and used, under which limits, and how it ended. Exactly one per admitted run. */
export interface Receipt {
  /** Name of the task. */
  readonly task: string;
  /** `completed`, or the code of the error that the caller got. */
  readonly outcome: 'completed' | ResourceErrorCode;
  /** When the run was admitted (ISO 8601, UTC); the wait begins here. */
  readonly startedAt: string;
  /** From admission until a process got the task, in milliseconds. */
  readonly waitMs: number;
  /** From then until the process had answered or was dead, in milliseconds; 0 if no process got it. */
  readonly runMs: number;
  /**
   * CPU time of the process during the run, all threads, in milliseconds. Reported by the process itself if it
   * answered; else what the host last read from `/proc` (10 ms steps; 0 where there is none).
   */
  readonly cpuMs: number;
  /** Highest memory of the whole process seen during the run, its warm baseline included, in bytes. */
  readonly peakMemoryBytes: number;
  /** The limits that this run was under. */
  readonly limits: Limits;
  /** What was really enforced. */
  readonly enforcement: Enforcement;
}

/**
 * Name of the `node:diagnostics_channel` on which every {@link Receipt} is published, and of the `TracingChannel` that
 * surrounds every admitted run with {@link RunTrace}.
 */
export const RUN_CHANNEL = 'resource-guard:run';

const runs = channel(RUN_CHANNEL);

export function publishReceipt(receipt: Receipt): void {
  if (runs.hasSubscribers) runs.publish(receipt);
}

/** Name of the `node:diagnostics_channel` on which every call that was not admitted is published. */
export const REJECTION_CHANNEL = 'resource-guard:rejected';

/** A call that was not admitted. */
export interface Rejection {
  /** Name of the task; absent where `admit` refused. As the caller gave it. */
  readonly task?: string;
  /** The code of the error that the caller got. */
  readonly code: ResourceErrorCode;
  /** What the guard enforces: the same object in all of its receipts and rejections. */
  readonly enforcement: Enforcement;
}

const rejections = channel(REJECTION_CHANNEL);

export function publishRejection(rejection: Rejection): void {
  if (rejections.hasSubscribers) rejections.publish(rejection);
}

/** What a subscriber of the tracing channel gets. `result` and `error` are added by Node when the run has ended. */
export interface RunTrace {
  /** Name of the task. */
  readonly task: string;
  /** When the run was admitted (ISO 8601, UTC). */
  readonly startedAt: string;
}

const traces = tracingChannel<unknown, RunTrace>(RUN_CHANNEL);

/** Publishes begin and end of an admitted run on the `TracingChannel` of the same name. */
export function traceRun<T>(trace: RunTrace, carryOut: () => Promise<T>): Promise<T> {
  return traces.hasSubscribers ? traces.tracePromise(carryOut, trace) : carryOut();
}
