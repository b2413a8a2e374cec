import { z } from 'zod';
import { DependencyError } from '../errors.ts';
import { GENESIS } from '../ledger/ledger-entry.ts';
import { hashRecord } from './record-hash.ts';
import { readTextFile } from '../text-file.ts';

/** The history's name, at the root of a project. */
export const UPDATES_FILE = 'dep-policy.updates.jsonl';

const MAX_BYTES = 64 * 1024 * 1024;

const digest = z.string().regex(/^[0-9a-f]{64}$/);

const locks = z.array(z.strictObject({ file: z.string(), before: digest, after: digest }));

/** One line of the history of updates. */
export const updateRecordSchema = z.strictObject({
  sequence: z.number().int().min(1),
  time: z.iso.datetime(),
  /** Why: `security: GHSA-…`, or what the approver wrote. */
  reason: z.string().min(1).max(2000),
  changes: z
    .array(z.strictObject({ package: z.string(), ecosystem: z.string(), from: z.string(), to: z.string() }))
    .max(10_000),
  /** SHA-256 of each lock before and after. The gate compares the second with what is there. */
  locks,
  /** The command that was run in the copy, and how it ended. */
  tests: z.strictObject({
    command: z.array(z.string()),
    status: z.number().int().nullable(),
    seconds: z.number(),
    outputSha256: digest,
  }),
  result: z.enum(['green', 'red', 'refused']),
  refusals: z.array(z.string()),
  approver: z.string().min(1).max(200),
  previous: digest,
  hash: digest,
});

/** What is kept of one update that was tried. */
export type UpdateRecord = z.output<typeof updateRecordSchema>;

/** Reads the history, and checks its chain. @throws {DependencyError} `ERR_DEP_LEDGER` */
export async function readUpdateRecords(root: string): Promise<UpdateRecord[]> {
  const file = await readTextFile(root, UPDATES_FILE, MAX_BYTES);
  const lines = (file?.text ?? '').split('\n');
  const rest = lines.pop();
  let previous = GENESIS;
  const records = lines.map((line, index) => {
    const fault = (message: string, cause?: unknown): DependencyError =>
      new DependencyError('ERR_DEP_LEDGER', `${UPDATES_FILE}:${index + 1}: ${message}`, { cause });
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      throw fault('expected JSON, found something else', cause);
    }
    const parsed = updateRecordSchema.safeParse(value);
    if (!parsed.success) throw fault('expected a record, found another object', parsed.error);
    const { data } = parsed;
    if (data.sequence !== index + 1 || data.previous !== previous || hashRecord(data) !== data.hash) {
      throw fault('expected the next record of the chain, found another');
    }
    previous = data.hash;
    return data;
  });
  if (rest !== '')
    throw new DependencyError('ERR_DEP_LEDGER', `${UPDATES_FILE}: expected whole lines, found half a one`);
  return records;
}

/** The history as a changelog, the newest first. Only what was green was taken. */
export function describeHistory(records: readonly UpdateRecord[]): string {
  return [
    '# Updates of dependencies',
    '',
    ...records
      .toReversed()
      .filter(({ result }) => result === 'green')
      .flatMap(({ time, reason, changes, approver, tests, locks: changed }) => [
        `## ${time.slice(0, 10)}: ${plain(reason)}`,
        '',
        ...changes.map(({ package: name, from, to }) => `- ${plain(name)} ${plain(from)} → ${plain(to)}`),
        `- tests: \`${plain(tests.command.join(' '))}\` passed in ${tests.seconds} s; approved by ${plain(approver)}`,
        ...changed.map(({ file, after }) => `- ${plain(file)}: sha256 \`${after}\``),
        '',
      ]),
  ].join('\n');
}

/** Foreign text that begins nothing in Markdown. */
function plain(text: string): string {
  return text
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')
    .replaceAll(/[\\`*_[\]<>#|]/g, (character) => `\\${character}`);
}
