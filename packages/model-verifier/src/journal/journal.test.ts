import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  copyFile,
  link,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../sample-model.fixture.ts';
import { entry, five } from './journal.fixture.ts';
import { openJournal, type JournalOptions } from './journal.ts';
import type { JournalHead, JournalRecord } from './record.ts';
import { readJournal, verifyJournal } from './verify.ts';

async function collect(records: AsyncIterable<JournalRecord>): Promise<readonly JournalRecord[]> {
  const all: JournalRecord[] = [];
  for await (const record of records) all.push(record);
  return all;
}

const writer = fileURLToPath(new URL('../__fixtures__/journal-writer.ts', import.meta.url));
const write = (path: string, model: string, count: number): ChildProcess =>
  fork(writer, [path, model, String(count)], { execArgv: [], silent: true });

describe('a journal', () => {
  it('has a line a record, chained, with a head that verifies', async () => {
    const { path, head, lines } = await five();
    expect(lines).toHaveLength(5);
    expect(head.seq).toBe(4);
    await expect(verifyJournal(path)).resolves.toEqual({
      verdict: 'verified',
      reasons: [],
      evidence: { records: 5, head, anchored: 'checkpoint' },
    });
  });

  it('tells the history of one model', async () => {
    const { path } = await five();
    await openJournal(path).append([entry('b')]);
    const records = await collect(readJournal(path, 'b'));
    expect(records.map(({ seq, model }) => [seq, model])).toEqual([
      [1, 'b'],
      [5, 'b'],
    ]);
    expect(records[0]?.statement).toEqual(entry('b').statement);
  });

  it('has summaries of SLSA: what, by what policy, with which result', () => {
    expect(entry('a').statement).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://slsa.dev/verification_summary/v1',
      predicate: {
        verifier: { id: expect.any(String) as unknown },
        timeVerified: '2026-11-23T00:00:00.000Z',
        resourceUri: 'urn:sallyport:model:a',
        policy: { digest: { sha256: '2'.repeat(64) } },
        verificationResult: 'PASSED',
        verifiedLevels: [],
      },
    });
  });

  it('is for its owner alone', async () => {
    const { path } = await five();
    const names = await readdir(join(path, '..'));
    expect(names.sort()).toEqual(['journal.jsonl', 'journal.jsonl.head', 'journal.jsonl.lock']);
  });

  it('is not written through a link or under two names', async () => {
    const { path } = await five();
    const other = join(await makeFolder(), 'journal.jsonl');
    await symlink(path, other);
    await expect(openJournal(other).append([entry('x')])).rejects.toMatchObject({
      code: 'ERR_MODEL_JOURNAL',
    });
    await link(path, `${path}.twin`);
    await expect(openJournal(path).append([entry('x')])).rejects.toMatchObject({ code: 'ERR_MODEL_JOURNAL' });
  });

  it('says that it is not there', async () => {
    const path = join(await makeFolder(), 'none.jsonl');
    await expect(verifyJournal(path)).rejects.toMatchObject({ code: 'ERR_MODEL_UNREADABLE' });
  });
});

describe('verifyJournal finds', () => {
  const change = async (edit: (lines: string[]) => string[]): Promise<readonly string[]> => {
    const { path, lines } = await five();
    await writeFile(
      path,
      edit([...lines])
        .map((line) => `${line}\n`)
        .join(''),
    );
    const { verdict, reasons } = await verifyJournal(path);
    expect(verdict).toBe(reasons.length > 0 ? 'refused' : 'verified');
    return reasons.map(({ path: where }) => where ?? '');
  };
  it.each([0, 1, 2, 3, 4])('an edit of line %i', async (index) => {
    const found = await change((lines) => lines.with(index, lines[index]!.replace('PASSED', 'FAILED')));
    expect(found).toEqual([`line ${index === 4 ? 5 : index + 2}`]);
  });
  it.each([0, 1, 2, 3])('that line %i was cut out', async (index) => {
    expect(await change((lines) => lines.toSpliced(index, 1))).toEqual([`line ${index + 1}`]);
  });
  it('that two lines changed places', async () => {
    expect(await change(([a, b, c, d, e]) => [a!, c!, b!, d!, e!])).toEqual(['line 2', 'line 3', 'line 4']);
  });
  it('that a line was repeated', async () => {
    expect(await change(([a, b, c, d, e]) => [a!, b!, b!, c!, d!, e!])).toEqual(['line 3']);
  });
  it('a line that is no record, and a blank one', async () => {
    expect(await change((lines) => lines.toSpliced(2, 0, '{}'))).toContain('line 3');
    expect(await change((lines) => lines.toSpliced(2, 0, ''))).toContain('line 3');
  });
  it('a key given twice, which two readers would read as two things', async () => {
    const found = await change((lines) =>
      lines.with(4, lines[4]!.replace('"event"', '"event":"load","event"')),
    );
    expect(found).toContain('line 5');
  });
  it.each([1, 2, 5])('that %i lines at the end were cut off', async (count) => {
    expect(await change((lines) => lines.slice(0, -count))).toEqual(['end']);
  });

  it('a cut of the end together with the checkpoint, if it is given an anchor', async () => {
    const { path, head } = await five();
    const early = join(await makeFolder(), 'journal.jsonl');
    await openJournal(early).append(['a', 'b', 'c'].map(entry));
    await copyFile(early, path);
    await copyFile(`${early}.head`, `${path}.head`);
    await expect(verifyJournal(path)).resolves.toMatchObject({ verdict: 'verified' });
    await expect(verifyJournal(path, { anchor: head })).resolves.toMatchObject({
      verdict: 'refused',
      reasons: [{ path: 'end', expected: head.digest }],
    });
  });

  it('a journal written anew, if it is given an anchor of the old one', async () => {
    const { path, head } = await five();
    await openJournal(path).append([entry('f')]);
    await expect(verifyJournal(path, { anchor: head })).resolves.toMatchObject({ verdict: 'verified' });
    const forged = join(await makeFolder(), 'journal.jsonl');
    await openJournal(forged).append(['a', 'b', 'x', 'd', 'e'].map(entry));
    await expect(verifyJournal(forged)).resolves.toMatchObject({ verdict: 'verified' });
    await expect(verifyJournal(forged, { anchor: head })).resolves.toMatchObject({ verdict: 'refused' });
  });

  it('that the checkpoint is gone', async () => {
    const { path } = await five();
    await rm(`${path}.head`);
    await expect(verifyJournal(path)).resolves.toMatchObject({
      verdict: 'refused',
      evidence: { anchored: 'nothing' },
    });
  });
});

describe('append refuses', () => {
  const appending = async (path: string, options?: JournalOptions): Promise<JournalHead> =>
    openJournal(path, options).append([entry('x')]);

  it('to go on after a cut, an edit of the last record, or without the checkpoint', async () => {
    const cut = await five();
    await writeFile(
      cut.path,
      cut.lines
        .slice(0, 3)
        .map((line) => `${line}\n`)
        .join(''),
    );
    await expect(appending(cut.path)).rejects.toMatchObject({ code: 'ERR_MODEL_JOURNAL' });
    const edited = await five();
    await writeFile(
      edited.path,
      (await readFile(edited.path, 'utf8')).replace(/PASSED(?![^]*PASSED)/, 'FAILED'),
    );
    await expect(appending(edited.path)).rejects.toMatchObject({ code: 'ERR_MODEL_JOURNAL' });
    const bare = await five();
    await rm(`${bare.path}.head`);
    await expect(appending(bare.path)).rejects.toMatchObject({ code: 'ERR_MODEL_JOURNAL' });
    const gone = await five();
    await rm(gone.path);
    await expect(appending(gone.path)).rejects.toMatchObject({ code: 'ERR_MODEL_JOURNAL' });
  });

  it('to heal by dropping a record that was acknowledged', async () => {
    const { path, lines } = await five();
    await truncate(path, (await readFile(path)).length - 10);
    await expect(appending(path)).rejects.toMatchObject({ code: 'ERR_MODEL_JOURNAL' });
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(lines.length);
  });
});

describe('a last line that a crash has torn', () => {
  it('is found, moved out and written about; the journal goes on', async () => {
    const { path } = await five();
    await appendFile(path, '{"seq":5,"prev":"sha256:');
    await expect(verifyJournal(path)).resolves.toMatchObject({ reasons: [{ path: 'line 6' }] });
    await openJournal(path).append([entry('f')]);
    await expect(verifyJournal(path)).resolves.toMatchObject({
      verdict: 'verified',
      evidence: { records: 7 },
    });
    const [torn = ''] = (await readdir(join(path, '..'))).filter((name) => name.includes('.torn-'));
    expect(await readFile(join(path, '..', torn), 'utf8')).toBe('{"seq":5,"prev":"sha256:');
    const [, recovery] = await collect(readJournal(path, '')).then(
      (records) => [records.length, records[0]] as const,
    );
    expect(recovery).toMatchObject({ event: 'recover', statement: { predicate: { bytes: 24 } } });
  });

  it('is healed also when it is the first one, or a page of zeros', async () => {
    const { path } = await five();
    await appendFile(path, Buffer.from([...Buffer.alloc(100), 0x0a]));
    await expect(openJournal(path).append([entry('f')])).resolves.toMatchObject({ seq: 6 });
    const first = join(await makeFolder(), 'journal.jsonl');
    await openJournal(first).append([]);
    await writeFile(first, '{"seq":0');
    await expect(openJournal(first).append([entry('a')])).resolves.toMatchObject({ seq: 1 });
    await expect(verifyJournal(first)).resolves.toMatchObject({ verdict: 'verified' });
  });

  it('stops every writer where the policy says so', async () => {
    const { path } = await five();
    await appendFile(path, '{"seq":5');
    const before = await readFile(path);
    const journal = openJournal(path, { onTornLine: 'refuse' });
    await expect(journal.append([entry('f')])).rejects.toMatchObject({ code: 'ERR_MODEL_JOURNAL' });
    expect(await readFile(path)).toEqual(before);
  });
});

describe('several processes', () => {
  it('append to one chain and lose nothing', async () => {
    const path = join(await makeFolder(), 'journal.jsonl');
    const children = ['a', 'b', 'c'].map((model) => write(path, model, 10));
    const exits = await Promise.all(children.map((child) => once(child, 'exit')));
    expect(exits.map(([code]) => code as number)).toEqual([0, 0, 0]);
    await expect(verifyJournal(path)).resolves.toMatchObject({
      verdict: 'verified',
      evidence: { records: 30 },
    });
    for (const model of ['a', 'b', 'c']) {
      const names = (await collect(readJournal(path, model))).map(
        ({ statement }) => statement.subject[0]?.name,
      );
      expect(names).toEqual(Array.from({ length: 10 }, (_, index) => `${model}/${index}`));
    }
  }, 60_000);

  it('lose nothing acknowledged to kill -9, and the others go on', async () => {
    const path = join(await makeFolder(), 'journal.jsonl');
    const acknowledged: JournalHead[] = [];
    for (let round = 0; round < 4; round++) {
      const child = write(path, `r${round}`, 1_000_000);
      let text = '';
      child.stdout!.on('data', (chunk: Buffer) => (text += chunk.toString()));
      while (text.split('\n').length < 4 + round) await once(child.stdout!, 'data');
      child.kill('SIGKILL');
      await once(child, 'close');
      const lines = text.slice(0, text.lastIndexOf('\n')).split('\n');
      acknowledged.push(...lines.map((line) => JSON.parse(line) as JournalHead));
    }
    await openJournal(path).append([entry('last')]);
    expect(acknowledged.length).toBeGreaterThanOrEqual(18);
    for (const anchor of [acknowledged[0]!, acknowledged.at(-1)!]) {
      await expect(verifyJournal(path, { anchor })).resolves.toMatchObject({ verdict: 'verified' });
    }
    const seqs = new Set((await collect(readJournal(path))).map(({ seq }) => seq));
    expect(acknowledged.filter(({ seq }) => !seqs.has(seq))).toEqual([]);
  }, 60_000);
});
