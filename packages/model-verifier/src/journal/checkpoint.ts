import { basename, dirname, resolve } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../atomic-file.ts';
import { ModelError } from '../errors.ts';
import { prefixedSha256 } from '../lock/schema.ts';
import { readOnce } from '../regular-file.ts';
import { parseStrictJson } from '../strict-json.ts';
import type { JournalHead } from './record.ts';

/** One line of JSON. */
const MAX_BYTES = 4096;

const headSchema = z.strictObject({ seq: z.int().min(-1), digest: prefixedSha256 });

/** The file beside a journal that says how far it had come. */
function checkpointPath(journal: string): string {
  return `${journal}.head`;
}

/**
 * Reads the checkpoint of a journal.
 *
 * @returns `undefined` if there is none.
 * @throws {ModelError} `ERR_MODEL_JOURNAL` if it cannot be read.
 */
export async function readCheckpoint(journal: string): Promise<JournalHead | undefined> {
  try {
    const path = resolve(checkpointPath(journal));
    const { data } = await readOnce(dirname(path), basename(path), { maxBytes: MAX_BYTES });
    return headSchema.parse(parseStrictJson(Buffer.from(data).toString()));
  } catch (cause) {
    if (cause instanceof ModelError && cause.code === 'ERR_MODEL_MISSING') return undefined;
    throw new ModelError('ERR_MODEL_JOURNAL', 'the checkpoint of the journal cannot be read', { cause });
  }
}

/** Replaces the checkpoint, durably. */
export async function writeCheckpoint(journal: string, head: JournalHead): Promise<void> {
  await writeFileAtomic(checkpointPath(journal), `${JSON.stringify(head)}\n`, 0o600);
}
