import { channel } from 'node:diagnostics_channel';
import { SanitizeError } from './errors.ts';

/** Names of the channels of `node:diagnostics_channel` on which this package says what it does. */
export const DIAGNOSTICS_CHANNELS = {
  accepted: 'input-sanitizer:accepted',
  refused: 'input-sanitizer:refused',
} as const;

/** The functions that say how they ended. */
export type DiagnosedFunction =
  'fromUrl' | 'sanitizeImage' | 'decodeImage' | 'reencodeImage' | 'sanitizeAnimation' | 'sanitizeVideo';

/** What a subscriber of `input-sanitizer:accepted` gets. */
export interface AcceptedMessage {
  readonly function: DiagnosedFunction;
  /** What the caller gets, too; `{ frames }`, a count, where that was one frame after the other. */
  readonly result: unknown;
  /** Wall time in milliseconds. */
  readonly durationMs: number;
}

/** What a subscriber of `input-sanitizer:refused` gets: for operators only, since `error.cause` has the internals. */
export interface RefusedMessage {
  readonly function: DiagnosedFunction;
  readonly error: unknown;
  /** What the error is caused by, down to the root: messages of libraries, paths, and whatever else they say. */
  readonly causes: readonly string[];
  /** Wall time in milliseconds. */
  readonly durationMs: number;
}

const accepted = channel(DIAGNOSTICS_CHANNELS.accepted);
const refused = channel(DIAGNOSTICS_CHANNELS.refused);
/** A chain of causes can be a circle. */
const MAX_CAUSES = 16;

/** Runs work and says how it ended. Where nobody listens it is the work and two reads of a flag. */
export async function diagnose<T>(name: DiagnosedFunction, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  try {
    const result = await work();
    publishAccepted(name, result, started);
    return result;
  } catch (error) {
    publishRefused(name, error, started);
    throw error;
  }
}

/** The same for work that gives one thing after another; leaving it early is no refusal. */
export async function* diagnoseEach<T>(
  name: DiagnosedFunction,
  work: AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  const started = performance.now();
  let frames = 0;
  try {
    for await (const one of work) {
      frames++;
      yield one;
    }
  } catch (error) {
    publishRefused(name, error, started);
    throw error;
  }
  publishAccepted(name, { frames }, started);
}

function publishAccepted(name: DiagnosedFunction, result: unknown, started: number): void {
  if (!accepted.hasSubscribers) return;
  accepted.publish({
    function: name,
    result,
    durationMs: performance.now() - started,
  } satisfies AcceptedMessage);
}

function publishRefused(name: DiagnosedFunction, error: unknown, started: number): void {
  if (!refused.hasSubscribers) return;
  const durationMs = performance.now() - started;
  refused.publish({ function: name, error, causes: listCauses(error), durationMs } satisfies RefusedMessage);
}

function listCauses(error: unknown): string[] {
  const causes: string[] = [];
  let cause = error instanceof SanitizeError ? error.cause : error;
  while (cause !== undefined && causes.length < MAX_CAUSES) {
    causes.push(cause instanceof Error ? cause.message : typeof cause === 'string' ? cause : typeof cause);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}
