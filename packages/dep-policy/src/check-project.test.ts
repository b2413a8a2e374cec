import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { checkProject } from './check-project.ts';
import { appendLedger, readLedger } from './ledger/ledger.ts';
import { readPolicyFile } from './policy-file/policy-file.ts';
import { starterFiles } from './starter-files.ts';
import { npmEntry, osvRecord, pypiEntry, recordsSource } from './testing/osv.ts';
import type { OsvRecord } from './testing/osv.ts';
import { sha512, writeProject } from './testing/workspace.ts';

const NOW = new Date('2026-06-01T00:00:00Z');
const HOLE = osvRecord('GHSA-1', npmEntry('left', 'introduced', '0', 'fixed', '1.5.0'));
const UNFIXED = osvRecord('GHSA-1', npmEntry('left', 'introduced', '0'));
const EXCEPTION = {
  id: 'GHSA-1',
  package: 'left',
  reason: 'never reached here',
  owner: 'ops',
  expires: '2026-06-30',
};

async function check(
  {
    records = [],
    specifier = '1.0.0',
    integrity = sha512('left'),
    asOf = NOW,
    policy = {},
  }: {
    readonly records?: readonly OsvRecord[];
    readonly specifier?: string;
    readonly integrity?: string;
    readonly asOf?: Date;
    readonly policy?: object;
  },
  record = false,
) {
  const root = await writeProject({
    'dep-policy.json': { version: 1, ...policy },
    'package.json': { dependencies: { left: specifier } },
    'package-lock.json': {
      lockfileVersion: 3,
      packages: {
        '': { dependencies: { left: specifier } },
        'node_modules/left': {
          version: '1.0.0',
          resolved: 'https://registry.npmjs.org/left/-/left-1.0.0.tgz',
          integrity,
        },
      },
    },
  });
  const report = await checkProject({
    root,
    lockfiles: ['package-lock.json'],
    policy: await readPolicyFile(root),
    advisories: recordsSource(records, asOf),
    now: NOW,
    record,
  });
  return { root, report };
}

it.each([
  ['clean', {}, 0],
  ['a fix', { records: [HOLE] }, 1],
  ['no fix', { records: [UNFIXED] }, 2],
  ['stale advisories', { asOf: new Date('2026-05-24T00:00:00Z') }, 3],
  ['a weak integrity', { integrity: 'sha512-abc' }, 4],
  ['a range', { specifier: '^1.0.0' }, 5],
  ['an integrity before all else', { integrity: 'sha512-abc', records: [HOLE], specifier: '^1.0.0' }, 4],
  [
    'what is incomplete before what was found',
    { records: [HOLE], asOf: new Date('2026-05-24T00:00:00Z') },
    3,
  ],
  ['a finding before a range', { records: [UNFIXED], specifier: '^1.0.0' }, 2],
  [
    'an exception that nothing needs',
    {
      policy: {
        exceptions: [
          { id: 'X', package: 'left', reason: 'never reached', owner: 'ops', expires: '2026-06-02' },
        ],
      },
    },
    1,
  ],
])('comes to one verdict: %s', async (_what, change, exitCode) => {
  expect((await check(change)).report.exitCode).toBe(exitCode);
});

it('writes the ledger when it is told to, and only then', async () => {
  const read = await check({ records: [HOLE] });
  await expect(access(join(read.root, 'dep-policy.ledger.jsonl'))).rejects.toMatchObject({ code: 'ENOENT' });
  const written = await check({ records: [HOLE] }, true);
  expect(await readLedger(written.root)).toMatchObject({ entries: [{ event: 'open', fix: '1.5.0' }] });
  expect(written.report.ledger).toMatchObject({ open: 1, overdue: 0 });
});

it('closes in the ledger what is gone from every lock that it was in, whichever lock is checked', async () => {
  const root = await writeProject({});
  const advisories = recordsSource([osvRecord('GHSA-1', pypiEntry('left', 'introduced', '0'))], NOW);
  const [a, b] = ['a/requirements.txt', 'b/requirements.txt'] as const;
  const put = async (path: string, name: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), `${name}==1.0 --hash=sha256:${'a'.repeat(64)}\n`);
  };
  const written = async (...lockfiles: readonly string[]) => {
    const before = await readLedger(root);
    await checkProject({ root, lockfiles, advisories, now: NOW, record: true });
    const { entries } = await readLedger(root);
    return entries.slice(before.entries.length).map(({ event, files }) => [event, files]);
  };
  await put(a, 'left');
  await put(b, 'right');
  expect(await written(a, b)).toEqual([['open', [a]]]);
  expect(await written(b)).toEqual([]);
  await put(b, 'left');
  expect(await written(b)).toEqual([['open', [a, b]]]);
  expect(await written(a)).toEqual([]);
  await put(a, 'right');
  expect(await written(a)).toEqual([['open', [b]]]);
  expect(await written(a)).toEqual([]);
  await put(b, 'right');
  expect(await written(b)).toEqual([['fixed', undefined]]);
  expect(await written(a)).toEqual([]);
  await rm(join(root, b));
  expect(await written(a)).toEqual([['verified', undefined]]);
  await put(a, 'left');
  expect(await written(a)).toEqual([['reopened', [a]]]);
  await put(a, 'right');
  await put(b, 'left');
  expect(await written(a, b)).toEqual([['reopened', [b]]]);
});

it.each([
  ['fails', {}, 1, ['overdue']],
  ['is excused', { exceptions: [EXCEPTION] }, 0, []],
  ['is below the gate', { gates: { runtime: 'critical', focus: 'never' } }, 0, []],
  ['is at the gate', { gates: { runtime: 'high', focus: 'never' } }, 1, ['overdue']],
] as const)('calls an item overdue whose finding %s: %#', async (_what, policy, exitCode, rules) => {
  const { root } = await check({ records: [HOLE], policy });
  await appendLedger(root, [
    {
      ...{ time: '2026-01-01T00:00:00.000Z', event: 'open', item: 'GHSA-1:npm:left', actor: 'scan' },
      ...{ ecosystem: 'npm', package: 'left', ids: ['GHSA-1'], rating: 'high' },
    },
  ]);
  const report = await checkProject({
    ...{ root, lockfiles: ['package-lock.json'], now: NOW },
    policy: await readPolicyFile(root),
    advisories: recordsSource([HOLE], NOW),
  });
  expect(report.violations.map(({ rule }) => rule)).toEqual(rules);
  expect(report).toMatchObject({ exitCode, ledger: { overdue: 1 } });
});

it('starts with a policy that is valid', async () => {
  const files = starterFiles(['package-lock.json', 'requirements.txt']);
  const root = await writeProject(Object.fromEntries(files.map(({ path, text }) => [path, text])));
  expect(await readPolicyFile(root)).toMatchObject({
    policy: { lockfiles: ['package-lock.json', 'requirements.txt'] },
  });
  expect(await readFile(join(root, '.github/dependabot.yml'), 'utf8')).toContain('package-ecosystem: pip');
});
