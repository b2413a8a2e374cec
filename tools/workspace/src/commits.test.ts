import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { copyWorkspace } from './workspace-copy.ts';
import type { Outcome, WorkspaceCopy } from './workspace-copy.ts';

let workspace: WorkspaceCopy;
beforeAll(() => {
  workspace = copyWorkspace();
});
afterAll(() => {
  workspace[Symbol.dispose]();
});
beforeEach(() => {
  rmSync(join(workspace.folder, '.git'), { recursive: true, force: true });
});

function git(...args: string[]): void {
  const identity = [
    '-c',
    'user.name=test',
    '-c',
    'user.email=test@example.com',
    '-c',
    'commit.gpgsign=false',
  ];
  const { status, output } = workspace.run('git', ...identity, ...args);
  expect(status, output).toBe(0);
}

function startHistory(...messages: string[]): void {
  git('init', '--quiet');
  for (const message of messages) git('commit', '--quiet', '--allow-empty', '--no-verify', '-m', message);
}

const checkCommits = (): Outcome => workspace.run('node', 'tools/scripts/commits.mjs');

describe('the commits check', { timeout: 60_000 }, () => {
  it('passes a history of conventional commits', () => {
    startHistory('feat(a): begin', 'fix: go on');
    expect(checkCommits().status).toBe(0);
  });

  it('fails when any unreleased commit has another form, the very first included', () => {
    startHistory('Begin somehow', 'fix: go on');
    const { status, output } = checkCommits();
    expect(status).toBe(1);
    expect(output).toContain('Begin somehow');
  });

  it('accepts a header of 110 characters and refuses 111', () => {
    startHistory(`feat: ${'a'.repeat(104)}`);
    expect(checkCommits().status).toBe(0);
    git('commit', '--quiet', '--allow-empty', '-m', `feat: ${'a'.repeat(105)}`);
    expect(checkCommits().status).toBe(1);
  });

  it('leaves alone what is behind a release tag', () => {
    startHistory('Begin somehow');
    git('tag', '@sallyport/resource-guard@0.1.0');
    git('commit', '--quiet', '--allow-empty', '-m', 'feat: after the release');
    expect(checkCommits().status).toBe(0);
    git('commit', '--quiet', '--allow-empty', '-m', 'Something else');
    expect(checkCommits().status).toBe(1);
  });

  it('takes another tag for no release', () => {
    startHistory('Begin somehow');
    git('tag', 'v1');
    git('commit', '--quiet', '--allow-empty', '-m', 'feat: after the tag');
    expect(checkCommits().status).toBe(1);
  });

  it('says why it checks nothing where there is no .git', () => {
    const { status, output } = checkCommits();
    expect(status).toBe(0);
    expect(output).toContain('No .git here');
  });
});
