import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { runProgram } from './program.ts';
import { starterFiles } from './starter-files.ts';
import { scheduleFiles } from './updates/schedule.ts';

const EXAMPLE = join(import.meta.dirname, '../examples/gluon-cv-service');

/** Runs the program in a copy of the example. */
async function start() {
  const root = await mkdtemp(join(tmpdir(), 'dep-policy-example-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await cp(EXAMPLE, root, { recursive: true });
  // A checkout is as old as its commit; the records of the example are to be of today.
  const records = join(root, 'advisories/records.ndjson');
  await writeFile(records, await readFile(records));
  return {
    root,
    run: async (...words: readonly string[]) => {
      const before = process.cwd();
      const lines: string[] = [];
      process.chdir(root);
      try {
        const print = (line: string): void => void lines.push(line);
        const status = await runProgram(words, { print, complain: print, progress: () => undefined });
        return { status, text: lines.join('\n') };
      } finally {
        process.chdir(before);
      }
    },
  };
}

const DB = ['--db', 'advisories/records.ndjson'];

it('walks from the service as it was to one that is clean', async () => {
  const { root, run } = await start();
  // Nothing is pinned, so that nothing can be told.
  expect((await run('scan', ...DB, '--lockfile', 'before/requirements.txt')).status).toBe(3);
  expect((await run('pins', '--lockfile', 'before/requirements.txt')).status).toBe(5);
  // Pinned to what was newest then, there is a hole, and a fix.
  for (const file of ['requirements.txt', 'requirements.in']) {
    const text = await readFile(join(root, file), 'utf8');
    await writeFile(join(root, file), text.replace('mxnet==1.9.1', 'mxnet==1.9.0'));
  }
  const found = await run('check', ...DB, '--json');
  expect(found.status).toBe(1);
  expect(JSON.parse(found.text)).toMatchObject({
    findings: [{ advisory: 'GHSA-xxj3-55p6-xg3h', focus: ['gluon-cv'], fix: { version: '1.9.1' } }],
  });
  const fixed = await run('fix', ...DB, '--releases', 'releases.json', '--write', '--json');
  expect(JSON.parse(fixed.text)).toMatchObject({
    plans: [{ kind: 'bump', proof: 'proven', replacements: [{ package: 'mxnet', to: '1.9.1' }] }],
    written: ['requirements.txt: mxnet 1.9.0 -> 1.9.1'],
  });
  await cp(join(EXAMPLE, 'requirements.in'), join(root, 'requirements.in'));
  const clean = await run('check', ...DB);
  expect(clean.text).toContain('everything: clean');
  expect(clean.status).toBe(0);
});

it('has a ledger whose chain is whole, with one item that took a week', async () => {
  const { run } = await start();
  expect((await run('ledger', 'verify')).status).toBe(0);
  const { status, text } = await run('ledger', 'status', '--json');
  expect(status).toBe(0);
  expect(JSON.parse(text)).toMatchObject({
    open: 0,
    meanDaysToFix: 7,
    items: [{ item: 'GHSA-xxj3-55p6-xg3h:PyPI:mxnet', state: 'verified' }],
  });
});

it('has the CI that init and updates init generate', async () => {
  for (const { path, text } of [...starterFiles(['requirements.txt']), ...scheduleFiles()]) {
    if (path !== 'dep-policy.json') expect(await readFile(join(EXAMPLE, path), 'utf8')).toBe(text);
  }
});
