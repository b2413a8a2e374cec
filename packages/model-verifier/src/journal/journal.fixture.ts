// A journal with a few records, made anew for each test.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../sample-model.fixture.ts';
import { openJournal } from './journal.ts';
import type { JournalEntry, JournalHead } from './record.ts';
import { verificationStatement } from './statement.ts';

export const entry = (model: string): JournalEntry => ({
  event: 'verify',
  model,
  statement: verificationStatement({
    model,
    files: [{ path: `${model}/m.onnx`, sha256: '1'.repeat(64) }],
    lockDigest: `sha256:${'2'.repeat(64)}`,
    reasons: [],
    at: '2026-11-23T00:00:00.000Z',
  }),
});

/** A journal with five records of the models a to e. */
export async function five(): Promise<{ path: string; head: JournalHead; lines: readonly string[] }> {
  const path = join(await makeFolder(), 'journal.jsonl');
  const head = await openJournal(path).append(['a', 'b', 'c', 'd', 'e'].map(entry));
  return { path, head, lines: (await readFile(path, 'utf8')).trimEnd().split('\n') };
}
