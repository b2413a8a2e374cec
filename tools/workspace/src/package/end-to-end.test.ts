import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyWorkspace } from '../workspace-copy.ts';
import type { WorkspaceCopy } from '../workspace-copy.ts';

const TARGETS = ['build', 'typecheck', 'lint', 'test', 'api', 'package', 'readme'];

let workspace: WorkspaceCopy;
beforeAll(() => {
  workspace = copyWorkspace();
});
afterAll(() => {
  workspace[Symbol.dispose]();
});

describe('nx g workspace:package', { timeout: 180_000 }, () => {
  it('makes a package that passes every target, formatted and in sync', () => {
    const made = workspace.run('nx', 'g', 'workspace:package', 'output-cache');
    expect(made.output).toContain('Made packages/output-cache. Next:');
    expect(made.output).toMatch(/npx --yes pnpm@\S+ install/);
    expect(made.status).toBe(0);

    const checked = workspace.run('nx', 'run-many', '-t', ...TARGETS, '-p', '@sallyport/output-cache');
    expect(checked.output).not.toContain('out of sync');
    for (const target of TARGETS)
      expect(checked.output).toContain(`nx run @sallyport/output-cache:${target}`);
    expect(checked.status, checked.output).toBe(0);
    const report = JSON.parse(
      readFileSync(join(workspace.folder, 'packages/output-cache/reports/vitest.json'), 'utf8'),
    ) as { numPassedTests: number };
    expect(report.numPassedTests).toBeGreaterThan(5);

    const formatted = workspace.run('prettier', '--check', 'packages');
    expect(formatted.status, formatted.output).toBe(0);
  });
});
