import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { defaultPolicy } from '../policy-file/default-policy.ts';
import { readLockfile } from '../readers/read-lockfile.ts';
import type { Finding } from '../scan/finding.ts';
import { writeProject } from '../testing/workspace.ts';
import type { LedgerDraft } from './ledger-entry.ts';
import { ledgerStatus, overdueItems } from './ledger-status.ts';
import { recordFindings } from './record-findings.ts';
import { appendLedger, LEDGER_FILE, readLedger } from './ledger.ts';

const OPEN: LedgerDraft = {
  time: '2026-01-01T00:00:00.000Z',
  event: 'open',
  item: 'GHSA-1:npm:left',
  ecosystem: 'npm',
  package: 'left',
  ids: ['GHSA-1'],
  rating: 'high',
  actor: 'scan',
};
const FIXED: LedgerDraft = { ...OPEN, time: '2026-01-11T00:00:00.000Z', event: 'fixed' };

describe('the chain', () => {
  it('takes entries one after the other, and reads them again', async () => {
    const root = await writeProject({});
    const first = await appendLedger(root, [OPEN]);
    const second = await appendLedger(root, [FIXED]);
    expect(second.entries.map(({ sequence, previous }) => [sequence, previous])).toEqual([
      [1, '0'.repeat(64)],
      [2, first.head],
    ]);
    expect(await readLedger(root)).toEqual(second);
    expect(await readLedger(root, LEDGER_FILE, first.head)).toEqual(second);
  });

  it.each([
    ['a changed word', (lines: string[]) => [lines[0]!.replace('"high"', '"low"'), lines[1]!, lines[2]!]],
    ['an entry taken out', (lines: string[]) => [lines[0]!, lines[2]!]],
    ['the first one taken out', (lines: string[]) => [lines[1]!, lines[2]!]],
    ['two exchanged', (lines: string[]) => [lines[1]!, lines[0]!, lines[2]!]],
    ['one twice', (lines: string[]) => [...lines, lines[2]!]],
    ['a key more', (lines: string[]) => [lines[0]!.replace('{', '{"note":"x",'), lines[1]!, lines[2]!]],
    ['an empty line', (lines: string[]) => [lines[0]!, '', lines[1]!, lines[2]!]],
    ['no JSON', (lines: string[]) => ['{', lines[1]!, lines[2]!]],
  ])('is broken by %s, and then not continued', async (_what, change) => {
    const root = await writeProject({});
    await appendLedger(root, [OPEN, FIXED, { ...FIXED, event: 'verified' }]);
    const path = join(root, LEDGER_FILE);
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    await writeFile(path, `${change(lines).join('\n')}\n`);
    await expect(readLedger(root)).rejects.toMatchObject({ code: 'ERR_DEP_LEDGER' });
    await expect(appendLedger(root, [FIXED])).rejects.toMatchObject({ code: 'ERR_DEP_LEDGER' });
  });

  it('shows with a hash that was kept that its end was cut off', async () => {
    const root = await writeProject({});
    const { head } = await appendLedger(root, [OPEN, FIXED]);
    const path = join(root, LEDGER_FILE);
    const [first] = (await readFile(path, 'utf8')).split('\n');
    await writeFile(path, `${first!}\n`);
    await expect(readLedger(root)).resolves.toMatchObject({ entries: [{}] });
    await expect(readLedger(root, LEDGER_FILE, head)).rejects.toMatchObject({ code: 'ERR_DEP_LEDGER' });
  });

  it('is broken by half a line, and by a time that goes back', async () => {
    const root = await writeProject({ [LEDGER_FILE]: '{"sequence":1' });
    await expect(readLedger(root)).rejects.toMatchObject({ code: 'ERR_DEP_LEDGER' });
    const other = await writeProject({});
    await appendLedger(other, [FIXED, OPEN]);
    await expect(readLedger(other)).rejects.toMatchObject({ code: 'ERR_DEP_LEDGER' });
  });

  it('has one writer at a time, and none that has died', async () => {
    const root = await writeProject({ [`${LEDGER_FILE}.lock`]: '' });
    await appendLedger(root, [OPEN]);
    const lock = join(root, `${LEDGER_FILE}.lock`);
    const holder = spawn(process.execPath, [
      ...['--disable-warning=ExperimentalWarning', '-e'],
      `new (require('node:sqlite').DatabaseSync)(${JSON.stringify(lock)}).exec('BEGIN EXCLUSIVE'); console.log('held'); setInterval(() => {}, 1000)`,
    ]);
    onTestFinished(() => void holder.kill('SIGKILL'));
    await once(holder.stdout, 'data');
    await expect(appendLedger(root, [FIXED])).rejects.toMatchObject({ code: 'ERR_DEP_LEDGER' });
    const ended = once(holder, 'exit');
    holder.kill('SIGKILL');
    await ended;
    expect((await appendLedger(root, [FIXED])).entries).toHaveLength(2);
    await expect(access(lock)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('loses nothing to writers at the same time', async () => {
    const root = await writeProject({});
    const written = await Promise.allSettled(Array.from({ length: 8 }, () => appendLedger(root, [OPEN])));
    const { entries } = await readLedger(root);
    expect(entries).toHaveLength(written.filter(({ status }) => status === 'fulfilled').length);
    expect(entries.length).toBeGreaterThan(0);
  });

  it.each(['folder', 'text'])('says what to do about a lock that is none: a %s', async (kind) => {
    const name = kind === 'folder' ? `${LEDGER_FILE}.lock/file` : `${LEDGER_FILE}.lock`;
    const root = await writeProject({ [name]: 'no database at all, but a text of some length' });
    const message = expect.stringContaining(`remove ${LEDGER_FILE}.lock`) as string;
    await expect(appendLedger(root, [OPEN])).rejects.toMatchObject({ code: 'ERR_DEP_LEDGER', message });
  });
});

/** As much of a finding as the ledger looks at. */
function finding(change: Partial<Finding> = {}): Finding {
  return {
    ecosystem: 'npm',
    package: 'left',
    version: '1.0.0',
    advisory: 'GHSA-1',
    ids: ['GHSA-1'],
    severity: { rating: 'high', source: 'database' },
    fix: { state: 'none' },
    ...change,
  } as Finding;
}

describe('the life of an item', () => {
  it('goes from open over a fix to verified, and is reopened', async () => {
    const root = await writeProject({});
    const day = async (number: number, findings: readonly Finding[], isComplete = true) => {
      const now = new Date(Date.UTC(2026, 0, number));
      const { entries } = await readLedger(root);
      const drafts = recordFindings(entries, findings, { now, isComplete });
      await appendLedger(root, drafts);
      return drafts.map(({ event }) => event);
    };
    const fixable = finding({ fix: { state: 'available', version: '1.1.0', isSameMajor: true } });
    expect(await day(1, [finding()])).toEqual(['open']);
    expect(await day(2, [finding()])).toEqual([]);
    expect(await day(3, [fixable])).toEqual(['fix-available']);
    expect(await day(4, [fixable])).toEqual([]);
    expect(await day(5, [], false)).toEqual([]);
    expect(await day(6, [])).toEqual(['fixed']);
    expect(await day(7, [])).toEqual(['verified']);
    expect(await day(8, [])).toEqual([]);
    expect(await day(9, [finding({ advisory: 'CVE-1', ids: ['CVE-1', 'GHSA-1'] })])).toEqual(['reopened']);
    const { entries } = await readLedger(root);
    const status = ledgerStatus(entries, defaultPolicy().sla, new Date('2026-01-10T00:00:00Z'));
    expect(status).toMatchObject({
      open: 1,
      overdue: 0,
      meanDaysToFix: 5,
      items: [{ item: 'GHSA-1:npm:left', state: 'reopened', openedAt: '2026-01-09T00:00:00.000Z' }],
    });
  });

  it('keeps its clock, its state and its acceptance when it is found in a further lock', async () => {
    const root = await writeProject({
      ...{ 'a/requirements.txt': 'left==1.0\n', 'b/requirements.txt': 'left==1.0\n' },
    });
    const graph = (path: string) => readLockfile({ root, path: `${path}/requirements.txt` });
    const graphs = [await graph('a'), await graph('b')];
    const left = finding({ ecosystem: 'PyPI', version: '1.0' });
    const until = '2026-02-10';
    const files = ['a/requirements.txt'];
    const item = { ...OPEN, item: 'GHSA-1:PyPI:left', ecosystem: 'PyPI' as const, files };
    const { entries } = await appendLedger(root, [
      item,
      { ...item, event: 'accepted', actor: 'ops', reason: 'later', until },
    ]);
    const now = new Date('2026-01-20T00:00:00Z');
    const drafts = recordFindings(entries, [left], { now, isComplete: true, graphs });
    const both = graphs.map(({ file }) => file);
    expect(drafts).toMatchObject([{ event: 'accepted', until, reason: 'later', files: both }]);
    const { entries: all } = await appendLedger(root, drafts);
    expect(recordFindings(all, [left], { now, isComplete: true, graphs })).toEqual([]);
    const status = ledgerStatus(all, defaultPolicy().sla, now);
    expect(status).toMatchObject({ items: [{ state: 'accepted', until, openedAt: OPEN.time }] });
    // An incomplete scan takes no lock away.
    expect(recordFindings(all, [], { now, isComplete: false, graphs })).toEqual([]);
    const reopened = (await appendLedger(root, [{ ...item, time: now.toISOString() }])).entries;
    const { items } = ledgerStatus(reopened, defaultPolicy().sla, now);
    expect(items).toMatchObject([{ state: 'open', openedAt: OPEN.time }]);
  });

  it('is overdue after the days of its rating, not before, and not while it is accepted', async () => {
    const root = await writeProject({});
    const until = '2026-02-10';
    const accepted: LedgerDraft = { ...OPEN, event: 'accepted', actor: 'ops', reason: 'later', until };
    const { entries } = await appendLedger(root, [OPEN]);
    const { sla } = defaultPolicy();
    const overdue = (list: typeof entries, time: string) =>
      overdueItems(ledgerStatus(list, sla, new Date(time))).length;
    expect(overdue(entries, '2026-01-31T00:00:00Z')).toBe(0);
    expect(overdue(entries, '2026-01-31T00:00:01Z')).toBe(1);
    const with2 = (await appendLedger(root, [accepted])).entries;
    expect(overdue(with2, '2026-02-10T23:00:00Z')).toBe(0);
    expect(overdue(with2, '2026-02-12T00:00:00Z')).toBe(1);
  });
});
