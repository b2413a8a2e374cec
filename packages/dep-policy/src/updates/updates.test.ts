import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { policyFileSchema } from '../policy-file/policy-schema.ts';
import { readLockfile } from '../readers/read-lockfile.ts';
import { knownReleases } from '../registry-data/package-releases.ts';
import type { Release } from '../registry-data/package-releases.ts';
import { npmEntry, osvRecord, recordsSource } from '../testing/osv.ts';
import type { OsvRecord } from '../testing/osv.ts';
import { sha512, writeProject } from '../testing/workspace.ts';
import { findUnrecordedLocks, stageUpdate } from './staging.ts';
import { planUpdates } from './update-plan.ts';
import { describeHistory, readUpdateRecords, UPDATES_FILE } from './update-record.ts';

const NOW = new Date('2026-06-15T00:00:00Z');

function release(version: string, published: string | undefined, more: Partial<Release> = {}): Release {
  return { version, published, dependencies: {}, isRetracted: false, hasInstallScript: false, ...more };
}

const LEFT = [
  release('1.0.0', '2026-01-01T00:00:00Z'),
  release('1.1.0', '2026-06-08T00:00:00Z'),
  release('1.2.0', '2026-06-08T00:00:01Z'),
  release('1.3.0-rc.1', '2026-02-01T00:00:00Z'),
  release('1.4.0', '2026-02-01T00:00:00Z', { isRetracted: true }),
];
const HOLE = osvRecord('GHSA-1', npmEntry('left', 'introduced', '0', 'fixed', '1.2.0'));

function files(version: string): Readonly<Record<string, object>> {
  return {
    'package.json': { dependencies: { left: version } },
    'package-lock.json': {
      lockfileVersion: 3,
      packages: {
        '': { dependencies: { left: version } },
        'node_modules/left': {
          version,
          resolved: `https://registry.npmjs.org/left/-/left-${version}.tgz`,
          integrity: sha512(version),
        },
      },
    },
  };
}

describe('an update plan', () => {
  async function plan(releases: readonly Release[], records: readonly OsvRecord[] = [], cooldown = {}) {
    const root = await writeProject(files('1.0.0'));
    return await planUpdates({
      graphs: [await readLockfile({ root, path: 'package-lock.json' })],
      releases: knownReleases({ npm: { left: releases } }),
      advisories: recordsSource(records),
      cooldown: { days: 7, securityMayPass: true, ...cooldown },
      now: NOW,
    });
  }

  it('takes the highest release that is as old as the cooldown asks, to the second', async () => {
    expect(await plan(LEFT)).toMatchObject([
      { from: '1.0.0', to: '1.1.0', latest: '1.2.0', waiting: [{ version: '1.2.0' }], isSecurity: false },
    ]);
  });

  it('lets a release that ends a finding pass the cooldown, if the policy does', async () => {
    expect(await plan(LEFT, [HOLE])).toMatchObject([{ to: '1.2.0', closes: ['GHSA-1'], isSecurity: true }]);
    const [waiting] = await plan(LEFT, [HOLE], { securityMayPass: false });
    expect(waiting).not.toHaveProperty('to');
  });

  it('proposes nothing that an advisory is about, and takes no day for an old one', async () => {
    const [update] = await plan(LEFT, [osvRecord('GHSA-2', npmEntry('left', 'introduced', '1.1.0'))]);
    expect(update).toMatchObject({ opens: ['GHSA-2'] });
    expect(update).not.toHaveProperty('to');
    const [unknown] = await plan([release('1.1.0', undefined)]);
    expect(unknown).toMatchObject({ waiting: [{ from: 'unknown' }] });
    expect(unknown).not.toHaveProperty('to');
  });

  it('is empty where nothing is newer', async () => {
    expect(await plan(LEFT.slice(0, 1))).toEqual([]);
  });
});

const PASS = [
  process.execPath,
  '-e',
  "if (require('./package.json').dependencies.left === '1.0.0') process.exit(1)",
];

async function stage(
  proposed: Readonly<Record<string, object>>,
  {
    records = [],
    command = PASS,
    from = '1.0.0',
  }: {
    readonly records?: readonly OsvRecord[];
    readonly command?: readonly string[];
    readonly from?: string;
  } = {},
) {
  const root = await writeProject(files(from));
  const proposal = await writeProject(proposed);
  const record = await stageUpdate({
    root,
    proposal,
    lockfiles: ['package-lock.json'],
    policy: policyFileSchema.parse({ version: 1 }),
    advisories: recordsSource(records, NOW),
    releases: knownReleases({ npm: { left: LEFT } }),
    reason: 'routine',
    approver: 'ops',
    command,
    now: NOW,
    timeoutInMs: 20_000,
  });
  return { root, proposal, record };
}

describe('staging', () => {
  it('runs the tests on the update in a copy, and records it with the digests of the locks', async () => {
    const { root, proposal, record } = await stage(files('1.1.0'));
    expect(record).toMatchObject({
      result: 'green',
      changes: [{ package: 'left', from: '1.0.0', to: '1.1.0' }],
      tests: { status: 0 },
      approver: 'ops',
    });
    expect(await readUpdateRecords(root)).toEqual([record]);
    expect(await readFile(join(root, 'package.json'), 'utf8')).toContain('1.0.0');
    expect(await findUnrecordedLocks(root, ['package-lock.json'])).toEqual(['package-lock.json']);
    await writeFile(join(root, 'package-lock.json'), await readFile(join(proposal, 'package-lock.json')));
    expect(await findUnrecordedLocks(root, ['package-lock.json'])).toEqual([]);
    expect(describeHistory([record])).toContain('- left 1.0.0 → 1.1.0');
  });

  it('is red where the tests fail, hang, or cannot be started', async () => {
    for (const command of [[process.execPath, '-e', 'process.exit(3)'], ['/nowhere/tests']]) {
      const { root, record } = await stage(files('1.1.0'), { command });
      expect(record.result).toBe('red');
      expect(await findUnrecordedLocks(root, ['package-lock.json'])).toHaveLength(1);
    }
  });

  it('is red where the tests change the lock that they prove', async () => {
    const command = [process.execPath, '-e', "require('fs').appendFileSync('package-lock.json', ' ')"];
    const { record } = await stage(files('1.1.0'), { command });
    expect(record).toMatchObject({ result: 'red', refusals: ['the tests changed a lock'] });
  });

  const weak = files('1.1.0');
  it.each([
    ['is too young', files('1.2.0'), {}, /younger than 7 days/],
    [
      'brings a finding',
      files('1.1.0'),
      { records: [osvRecord('GHSA-2', npmEntry('left', 'introduced', '1.1.0'))] },
      /brings GHSA-2/,
    ],
    ['lowers a version', files('1.0.0'), { from: '1.1.0' }, /lowers left/],
    ['changes nothing', files('1.0.0'), {}, /no lock changes/],
    [
      'breaks the policy',
      {
        ...weak,
        'package-lock.json': JSON.parse(
          JSON.stringify(weak['package-lock.json']).replace('registry.npmjs.org', 'evil.test'),
        ) as object,
      },
      {},
      /registry: left@1.1.0/,
    ],
  ])('refuses an update that %s, without running anything', async (_what, proposed, options, refusal) => {
    const { record } = await stage(proposed, options);
    expect(record).toMatchObject({ result: 'refused', tests: { status: null } });
    expect(record.refusals.join('\n')).toMatch(refusal);
  });

  it('refuses another archive for a version that stays, and shows it', async () => {
    const swapped = JSON.parse(
      JSON.stringify(files('1.1.0')).replace(sha512('1.1.0'), sha512('evil')),
    ) as Record<string, object>;
    const { record } = await stage(swapped, { from: '1.1.0' });
    expect(record).toMatchObject({
      result: 'refused',
      changes: [{ package: 'left', from: '1.1.0', to: '1.1.0 (another archive)' }],
    });
    expect(record.refusals).toEqual(['takes another archive for left 1.1.0, whose version stays']);
  });

  it('lets a young release pass that ends a finding', async () => {
    expect((await stage(files('1.2.0'), { records: [HOLE] })).record).toMatchObject({
      result: 'green',
      refusals: [],
    });
  });

  it('reads no history that somebody changed', async () => {
    const { root } = await stage(files('1.2.0'));
    const path = join(root, UPDATES_FILE);
    await writeFile(path, (await readFile(path, 'utf8')).replace('"refused"', '"green"'));
    await expect(readUpdateRecords(root)).rejects.toMatchObject({ code: 'ERR_DEP_LEDGER' });
  });
});
