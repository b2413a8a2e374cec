import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkDependencies } from './check-dependencies.ts';
import { ONE_PACKAGE_LOCK, onePackage } from './testing/workspace.ts';

describe('the report', () => {
  it('passes a project that keeps every rule, and says what it looked at', async () => {
    const report = await checkDependencies({ root: await onePackage() });
    expect(report).toMatchObject({
      verdict: 'pass',
      violations: [],
      checked: { manifests: 1, direct: 1, locked: 1 },
      lock: {
        path: 'pnpm-lock.yaml',
        sha256: createHash('sha256').update(ONE_PACKAGE_LOCK).digest('hex'),
        lockfileVersion: '9.0',
      },
    });
  });

  it('fails a project for one violation, and names rule, package, file and line', async () => {
    const root = await onePackage(
      { 'specifier: 1.2.3': 'specifier: ^1.2.3' },
      { 'package.json': '{\n  "dependencies": {\n    "left": "^1.2.3"\n  }\n}\n' },
    );
    const report = await checkDependencies({ root });
    expect(report.verdict).toBe('fail');
    expect(report.violations).toEqual([
      {
        rule: 'exact-pin',
        package: 'left',
        file: 'package.json',
        line: 3,
        message: 'dependencies: expected one exact version, found "^1.2.3"',
      },
    ]);
  });

  it('is the same for the same project', async () => {
    const root = await onePackage({
      'integrity: sha512-': 'integrity: sha1-',
      'specifier: 1.2.3': 'specifier: 1.2.4',
    });
    const first = await checkDependencies({ root });
    expect(first.violations).toHaveLength(2);
    expect(await checkDependencies({ root })).toEqual(first);
  });

  it('hashes the policy with its defaults filled in', async () => {
    const root = await onePackage();
    const { policyHash } = await checkDependencies({ root });
    const spelled = await checkDependencies({ root, policy: { registry: 'https://registry.npmjs.org' } });
    const other = await checkDependencies({ root, policy: { registry: 'https://npm.example/' } });
    expect(spelled.policyHash).toBe(policyHash);
    expect(other.policyHash).not.toBe(policyHash);
  });
});

describe('this repository', () => {
  const root = join(import.meta.dirname, '../../..');
  const isCheckout = existsSync(join(root, 'pnpm-lock.yaml'));

  it.skipIf(!isCheckout)('keeps its own policy (needs the whole checkout around the package)', async () => {
    const report = await checkDependencies({ root });
    expect(report.violations).toEqual([]);
    expect(report.checked.manifests).toBeGreaterThanOrEqual(7);
    expect(report.checked.locked).toBeGreaterThan(100);
  });
});
