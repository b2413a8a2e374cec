import { execFile } from 'node:child_process';
import { appendFile, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { hasProgram } from '../program.fixture.ts';
import { entry, five } from './journal.fixture.ts';
import { openJournal } from './journal.ts';
import type { JournalEntry } from './record.ts';
import { verifyJournal } from './verify.ts';

describe('what is no record', () => {
  it.each<[string, () => JournalEntry]>([
    ['a name longer than any model has', () => ({ ...entry('m'), model: 'm'.repeat(129) })],
    ['an event that there is not', () => ({ ...entry('m'), event: 'boo' as 'load' })],
    ['no statement', () => ({ event: 'load', model: 'm' }) as JournalEntry],
    ['a statement nested too deep', () => nested(14)],
    ['a digest in capitals', () => withDigest('A'.repeat(64))],
    ['a number that JSON does not have', () => ({ ...entry('m'), model: 1n as unknown as string })],
  ])('is refused and leaves the journal as it was: %s', async (_, bad) => {
    const { path } = await five();
    const before = await readFile(path);
    const journal = openJournal(path);
    await expect(journal.append([entry('f'), bad()])).rejects.toMatchObject({ code: 'ERR_MODEL_JOURNAL' });
    expect(await readFile(path)).toEqual(before);
    await expect(journal.append([entry('f')])).resolves.toMatchObject({ seq: 5 });
    await expect(verifyJournal(path)).resolves.toMatchObject({ verdict: 'verified' });
  });

  it('is refused before a torn line is moved out', async () => {
    const { path } = await five();
    await appendFile(path, '{"seq":5');
    const before = await readFile(path);
    const refused = openJournal(path).append([{ ...entry('m'), model: 'm'.repeat(129) }]);
    await expect(refused).rejects.toMatchObject({ code: 'ERR_MODEL_JOURNAL' });
    expect(await readFile(path)).toEqual(before);
  });

  it('is not the longest name nor the deepest statement that there may be', async () => {
    const { path } = await five();
    await openJournal(path).append([{ ...entry('m'), model: 'm'.repeat(128) }, nested(13)]);
    await expect(verifyJournal(path)).resolves.toMatchObject({ verdict: 'verified' });
  });

  function nested(levels: number): JournalEntry {
    let value: unknown = 1;
    for (let level = 0; level < levels; level++) value = [value];
    return { ...entry('m'), statement: { ...entry('m').statement, predicate: { value } } };
  }
  function withDigest(sha256: string): JournalEntry {
    return {
      ...entry('m'),
      statement: { ...entry('m').statement, subject: [{ name: 'f', digest: { sha256 } }] },
    };
  }
});

describe('an append that fails', () => {
  const batch = fileURLToPath(new URL('../__fixtures__/journal-batch-writer.ts', import.meta.url));
  const run = async (program: string, ...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)(program, args)).stdout;

  it.skipIf(!hasProgram('prlimit'))(
    'because the disk takes no more leaves none of its records (skipped without prlimit)',
    async () => {
      const { path } = await five();
      const before = await readFile(path);
      const limited = [`--fsize=${before.length + 20_000}`, process.execPath, batch, path];
      await expect(run('prlimit', ...limited, '8000', '60000')).resolves.toBe('ERR_MODEL_JOURNAL');
      expect(await readFile(path)).toEqual(before);
      await expect(run('prlimit', ...limited, '8000')).resolves.toBe('appended');
      await expect(verifyJournal(path)).resolves.toMatchObject({
        evidence: { records: 6 },
        verdict: 'verified',
      });
    },
    30_000,
  );

  it.skipIf(!hasProgram('prlimit'))(
    'on a torn journal leaves it torn, for the next writer to write about (skipped without prlimit)',
    async () => {
      const { path } = await five();
      await appendFile(path, '{"seq":5');
      const before = await readFile(path);
      const limit = `--fsize=${before.length + 100}`;
      await expect(run('prlimit', limit, process.execPath, batch, path, '8000')).resolves.toBe(
        'ERR_MODEL_JOURNAL',
      );
      expect(await readFile(path)).toEqual(before);
      await expect(openJournal(path).append([entry('f')])).resolves.toMatchObject({ seq: 6 });
    },
    30_000,
  );

  it.skipIf(!hasProgram('bwrap'))(
    'because the checkpoint cannot be written leaves none of its records (skipped without bubblewrap)',
    async () => {
      const { path } = await five();
      const before = await readFile(path);
      // A file that something is mounted on cannot be replaced.
      const mounts = ['--dev-bind', '/', '/', '--bind', `${path}.head`, `${path}.head`];
      await expect(run('bwrap', ...mounts, process.execPath, batch, path, '10')).resolves.toBe(
        'ERR_MODEL_JOURNAL',
      );
      expect(await readFile(path)).toEqual(before);
      await expect(openJournal(path).append([entry('f')])).resolves.toMatchObject({ seq: 5 });
    },
    30_000,
  );
});

it('refuses options that are none', () => {
  expect(() => openJournal('j', { waitMs: NaN })).toThrow(
    expect.objectContaining({ code: 'ERR_MODEL_OPTIONS' }),
  );
  const options = { onTornLine: 'ignore' as 'heal' };
  expect(() => openJournal('j', options)).toThrow(expect.objectContaining({ code: 'ERR_MODEL_OPTIONS' }));
});
