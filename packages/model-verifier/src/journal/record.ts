import { createHash } from 'node:crypto';
import { z } from 'zod';
import { prefixedSha256 } from '../lock/schema.ts';
import { parseStrictJson } from '../strict-json.ts';
import type { JournalStatement } from './statement.ts';

/** What can be written. */
export interface JournalEntry {
  /** What happened. */
  readonly event: 'verify' | 'load' | 'recover';
  /** Name of the model; empty for what concerns the journal itself. */
  readonly model: string;
  /** What exactly. */
  readonly statement: JournalStatement;
}

/** One line of a journal. */
export interface JournalRecord extends JournalEntry {
  /** From 0, without a gap. */
  readonly seq: number;
  /** `sha256:<hex>` of the line before, without its newline; of nothing for the first. */
  readonly prev: string;
}

/** The last line of a journal: enough to notice later that lines are missing. */
export interface JournalHead {
  /** Of the last line; -1 for an empty journal. */
  readonly seq: number;
  /** `sha256:<hex>` of the last line, without its newline. */
  readonly digest: string;
}

/** Bytes in one line: a model of a thousand files. */
export const MAX_LINE_BYTES = 1024 * 1024;

/** Before the first line. */
export const EMPTY_HEAD: JournalHead = { seq: -1, digest: digestOf('') };

const recordSchema = z.strictObject({
  seq: z.int().min(0),
  prev: prefixedSha256,
  event: z.enum(['verify', 'load', 'recover']),
  model: z.string().max(128),
  statement: z.strictObject({
    _type: z.literal('https://in-toto.io/Statement/v1'),
    subject: z.array(
      z.strictObject({
        name: z.string(),
        digest: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
      }),
    ),
    predicateType: z.string().min(1),
    predicate: z.record(z.string(), z.unknown()),
  }),
}) satisfies z.ZodType<JournalRecord>;

/** The line that follows a head, without its newline. */
export function formatRecord(head: JournalHead, { event, model, statement }: JournalEntry): string {
  return JSON.stringify({ seq: head.seq + 1, prev: head.digest, event, model, statement });
}

/** The record that a line holds, or `undefined` if it holds none. */
export function parseRecord(line: string): JournalRecord | undefined {
  let value: unknown;
  try {
    value = parseStrictJson(line);
  } catch {
    return undefined;
  }
  return recordSchema.safeParse(value).data;
}

/** `sha256:<hex>` of a line without its newline. */
export function digestOf(line: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(line).digest('hex')}`;
}
