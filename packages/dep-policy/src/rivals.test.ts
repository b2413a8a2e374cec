import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkLocks } from './check-locks.ts';
import { toSarif } from './formats/sarif.ts';
import { defaultPolicy } from './policy-file/default-policy.ts';
import { readLockfile } from './readers/read-lockfile.ts';
import { scanGraphs } from './scan/scan.ts';
import { recordsSource } from './testing/osv.ts';
import { filesOf, LINT_CASES, lintFilesOf, SCAN_CASES } from './testing/rival-cases.ts';
import { writeProject } from './testing/workspace.ts';

describe('a scan', () => {
  it.each(SCAN_CASES)('gets right what others do not: $name', async (one) => {
    const root = await writeProject(filesOf(one));
    const graph = await readLockfile({ root, path: 'package-lock.json' });
    const report = await scanGraphs([graph], {
      advisories: recordsSource(one.records as Record<string, unknown>[]),
    });
    const { findings, rating, hasLine } = one.expected;
    expect(report.findings).toHaveLength(findings);
    expect(report.incomplete).toEqual([]);
    if (rating !== undefined) expect(report.findings[0]?.severity.rating).toBe(rating);
    if (hasLine !== true) return;
    const lines = (await readFile(join(root, 'package-lock.json'), 'utf8')).split('\n');
    const startLine = lines.findIndex((line) => line.includes('"node_modules/left"')) + 1;
    expect(toSarif({ report }).runs).toMatchObject([
      { results: [{ locations: [{ physicalLocation: { region: { startLine } } }] }] },
    ]);
  });
});

describe('the lint of a lock', () => {
  it.each(LINT_CASES)('tells what others do not: $name', async (one) => {
    const root = await writeProject(lintFilesOf(one));
    const { violations } = await checkLocks({
      root,
      lockfiles: ['package-lock.json'],
      policy: defaultPolicy(),
    });
    expect(violations.length === 0).toBe(one.isClean);
  });
});
