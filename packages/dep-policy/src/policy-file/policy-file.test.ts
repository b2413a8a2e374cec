import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { scanDependencies } from '../scan/scan.ts';
import { npmEntry, osvRecord, pypiEntry, recordsSource } from '../testing/osv.ts';
import type { OsvRecord } from '../testing/osv.ts';
import { writeProject } from '../testing/workspace.ts';
import { defaultPolicy } from './default-policy.ts';
import { jsonSchemas } from '../json-schemas.ts';
import type { VexStatement } from '../formats/vex-statement.ts';
import { judgeReport } from './judgement.ts';
import type { JudgementOptions } from './judgement.ts';
import { readPolicyFile } from './policy-file.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const EXCEPTION = {
  id: 'CVE-2026-1',
  package: 'left',
  reason: 'not reached by any input',
  owner: 'ops',
  expires: '2026-06-30',
};

async function load(policy: object | string, name = 'dep-policy.json') {
  return await readPolicyFile(await writeProject({ [name]: policy }));
}

describe('a policy file', () => {
  it('has a default for everything but its version', async () => {
    const loaded = await load({ version: 1 });
    expect(loaded).toMatchObject({
      path: 'dep-policy.json',
      policy: { gates: { runtime: 'low' }, pins: { direct: 'exact' }, cooldown: { days: 7 }, exceptions: [] },
    });
    expect(await load('version: 1\n', 'dep-policy.yaml')).toMatchObject({ policy: loaded!.policy });
  });

  it('says what holds without one, word for word', async () => {
    expect(defaultPolicy()).toStrictEqual((await load({ version: 1 }))!.policy);
  });

  it('is not there where none is', async () => {
    expect(await readPolicyFile(await writeProject({ 'a.txt': '' }))).toBeUndefined();
  });

  it('counts at the root only', async () => {
    expect(
      await readPolicyFile(await writeProject({ 'vendor/dep-policy.json': { version: 1 } })),
    ).toBeUndefined();
  });

  it.each([
    ['no version', {}],
    ['an unknown key', { version: 1, ignore: ['*'] }],
    ['an unknown key further in', { version: 1, gates: { runtimes: 'never' } }],
    ['a prototype', '{"version":1,"__proto__":{"exceptions":[]}}'],
    ['a key twice', '{"version":1,"focus":["a"],"focus":["b"]}'],
    ['an exception without an owner', { version: 1, exceptions: [{ ...EXCEPTION, owner: ' ' }] }],
    [
      'an exception without a reason to speak of',
      { version: 1, exceptions: [{ ...EXCEPTION, reason: 'because ' }] },
    ],
    ['an exception for ever', { version: 1, exceptions: [{ ...EXCEPTION, expires: undefined }] }],
    ['a day that is none', { version: 1, exceptions: [{ ...EXCEPTION, expires: '2026-02-30' }] }],
    ['a registry over http', { version: 1, registries: { npm: ['http://registry.npmjs.org/'] } }],
    ['a registry with a password', { version: 1, registries: { npm: ['https://a:b@registry.npmjs.org/'] } }],
    ['no object', '[]'],
    ['nothing', ''],
  ])('is refused with %s', async (_what, policy) => {
    await expect(load(policy)).rejects.toMatchObject({ code: 'ERR_DEP_POLICY' });
  });

  it('is refused if two are there, and if it is a link', async () => {
    const both = await writeProject({ 'dep-policy.json': { version: 1 }, 'dep-policy.yaml': 'version: 1\n' });
    await expect(readPolicyFile(both)).rejects.toMatchObject({ code: 'ERR_DEP_POLICY' });
    const root = await writeProject({ 'other.json': { version: 1 } });
    await symlink(join(root, 'other.json'), join(root, 'dep-policy.json'));
    await expect(readPolicyFile(root)).rejects.toMatchObject({ code: 'ERR_DEP_UNREADABLE' });
  });

  it('has a published schema that says the same', async () => {
    const text = await readFile(join(import.meta.dirname, '../../schema/dep-policy.schema.json'), 'utf8');
    expect(JSON.parse(text)).toEqual(jsonSchemas()['dep-policy.schema.json']);
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(
      JSON.parse(text) as object,
    );
    expect(validate({ version: 1, exceptions: [EXCEPTION] })).toBe(true);
    expect(validate({ version: 1, ignore: [] })).toBe(false);
  });
});

describe('a judgement', () => {
  const HOLE = osvRecord('GHSA-1', npmEntry('left', 'introduced', '0', 'fixed', '1.5.0'), {
    aliases: ['CVE-2026-1'],
    database_specific: { severity: 'MODERATE' },
  });

  async function judge(
    policy: object,
    records: readonly OsvRecord[] = [HOLE],
    scope = 'dependencies',
    more: JudgementOptions = {},
  ) {
    const root = await writeProject({
      'dep-policy.json': { version: 1, ...policy },
      'requirements.txt': 'Left_Pad==1.0\n',
      'package-lock.json': {
        lockfileVersion: 3,
        packages: { '': { [scope]: { left: '1' } }, 'node_modules/left': { version: '1.0.0' } },
      },
    });
    const report = await scanDependencies({
      root,
      lockfiles: ['package-lock.json', 'requirements.txt'],
      advisories: recordsSource(records, NOW),
      now: NOW,
      focus: ['npm:left'],
    });
    return judgeReport(report, { policy: await readPolicyFile(root), now: NOW, ...more });
  }

  it('fails at the gate and above it, by scope', async () => {
    const gates = { focus: 'never', runtime: 'medium', dev: 'high' };
    expect((await judge({ gates })).exitCode).toBe(1);
    expect((await judge({ gates: { ...gates, runtime: 'high' } })).exitCode).toBe(0);
    expect((await judge({ gates }, [HOLE], 'devDependencies')).exitCode).toBe(0);
    expect((await judge({ gates: { ...gates, focus: 'medium' } }, [HOLE], 'devDependencies')).exitCode).toBe(
      1,
    );
  });

  it('takes a severity that nobody has given for high', async () => {
    const unknown = osvRecord('GHSA-1', npmEntry('left', 'introduced', '0'));
    const gates = { focus: 'never', runtime: 'high' };
    expect((await judge({ gates }, [unknown])).exitCode).toBe(2);
    expect((await judge({ gates: { ...gates, runtime: 'critical' } }, [unknown])).exitCode).toBe(0);
  });

  it('lets malware and what cannot be evaluated through no gate and no exception', async () => {
    const gates = { focus: 'never', runtime: 'never' };
    const exceptions = [{ ...EXCEPTION, id: 'MAL-1' }];
    const malware = osvRecord('MAL-1', npmEntry('left', 'introduced', '0'));
    expect(await judge({ gates, exceptions }, [malware])).toMatchObject({ exitCode: 1, failing: [{}] });
    const broken = osvRecord('GHSA-1', npmEntry('left', 'introduced', '0', 'fixed', 'soon'));
    expect((await judge({ gates }, [broken])).exitCode).toBe(3);
  });

  it('fails for malware that a base has already, and not for a known hole', async () => {
    const root = await writeProject({
      'package-lock.json': {
        lockfileVersion: 3,
        packages: { '': { dependencies: { left: '1' } }, 'node_modules/left': { version: '1.0.0' } },
      },
    });
    const malware = osvRecord('MAL-1', npmEntry('left', 'introduced', '0'));
    const judged = [];
    for (const records of [[malware], [HOLE]]) {
      const advisories = recordsSource(records, NOW);
      const report = await scanDependencies({ root, lockfiles: ['package-lock.json'], advisories, now: NOW });
      judged.push(judgeReport(report, { base: report, now: NOW }).exitCode);
    }
    expect(judged).toEqual([1, 0]);
  });

  it('takes what VEX says of components of its own products, which the policy or the caller names', async () => {
    const said: VexStatement = {
      ...{ status: 'not_affected', ids: ['GHSA-1'], reason: 'not reached', author: 'us', time: 0 },
      ...{ products: ['pkg:npm/left@1.0.0'], within: ['pkg:oci/app@1'] },
    };
    expect((await judge({}, [HOLE], 'dependencies', { vex: [said] })).exitCode).toBe(1);
    const products = ['pkg:oci/app'];
    expect((await judge({ products }, [HOLE], 'dependencies', { vex: [said] })).exitCode).toBe(0);
    expect((await judge({}, [HOLE], 'dependencies', { vex: [said], products })).exitCode).toBe(0);
  });

  it('takes an exception by an alias, in the spelling of the ecosystem', async () => {
    const judged = await judge({ exceptions: [EXCEPTION] });
    expect(judged).toMatchObject({ exitCode: 0, violations: [], failing: [] });
    expect([...judged.excepted.values()]).toEqual(['not reached by any input; ops; until 2026-06-30']);
    const python = osvRecord('PYSEC-1', pypiEntry('left-pad', 'introduced', '0'));
    const spelled = { ...EXCEPTION, id: 'PYSEC-1', package: 'left.PAD' };
    expect(await judge({ exceptions: [spelled] }, [python])).toMatchObject({ exitCode: 0, violations: [] });
    expect((await judge({ exceptions: [{ ...spelled, ecosystem: 'npm' }] }, [python])).exitCode).toBe(2);
  });

  it.each([
    ['its last day', '2026-06-01', 0, 0],
    ['the day before yesterday', '2026-05-30', 1, 1],
    ['90 days', '2026-08-30', 0, 0],
    ['91 days', '2026-09-01', 1, 1],
  ])('counts an exception until %s rightly', async (_what, expires, exitCode, count) => {
    const { violations, ...judged } = await judge({ exceptions: [{ ...EXCEPTION, expires }] });
    expect([judged.exitCode, violations.length]).toEqual([exitCode, count]);
  });

  it('reports an exception that nothing needs', async () => {
    const judged = await judge({ exceptions: [{ ...EXCEPTION, package: 'right' }] });
    expect(judged).toMatchObject({ exitCode: 1, violations: [{ rule: 'exception', package: 'right' }] });
  });

  it('calls nothing clean while an exception is broken', async () => {
    const exceptions = [{ ...EXCEPTION, package: 'right' }];
    const judged = await judge({ exceptions }, []);
    expect(judged).toMatchObject({ verdict: 'fixable', exitCode: 1, failing: [], violations: [{}] });
    expect(await judge({}, [])).toMatchObject({ verdict: 'clean', exitCode: 0, violations: [] });
  });
});
