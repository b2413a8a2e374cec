import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runProgram } from './program.ts';
import { npmEntry, osvRecord, pypiEntry } from './testing/osv.ts';
import { sendJson, startService } from './testing/service.ts';
import { sha512, writeProject } from './testing/workspace.ts';

const CLI = join(import.meta.dirname, 'cli.ts');

/** What is installed: it runs what was built. */
const BIN = join(import.meta.dirname, '../bin/dep-policy.js');

/** Runs the program in this process, in another folder. */
async function run(cwd: string, ...words: readonly string[]) {
  const before = process.cwd();
  const stdout: string[] = [];
  const stderr: string[] = [];
  process.chdir(cwd);
  try {
    const status = await runProgram(words, {
      print: (line) => stdout.push(line),
      complain: (line) => stderr.push(line),
      progress: () => undefined,
    });
    return { status, stdout: stdout.join('\n'), stderr: stderr.join('\n') };
  } finally {
    process.chdir(before);
  }
}

const LOCK = {
  lockfileVersion: 3,
  packages: { '': { dependencies: { left: '1' } }, 'node_modules/left': { version: '1.0.0' } },
};
const RECORD = osvRecord('GHSA-1', npmEntry('left', 'introduced', '0', 'fixed', '1.5.0'), {
  summary: 'A \u{1B}[31mhole',
});

it('builds an index, scans with it, and explains what it found', async () => {
  const root = await writeProject({ 'package-lock.json': LOCK, 'db/a.json': RECORD });
  const built = await run(root, 'index', 'build', '--from', 'db', '--out', 'advisories.index', '--json');
  expect(built).toMatchObject({ status: 0, stderr: '' });
  const { digest } = JSON.parse(built.stdout) as { digest: string };

  const scanned = await run(root, 'scan', '--db', 'advisories.index', '--json');
  expect(scanned).toMatchObject({ status: 1, stderr: '' });
  const report = JSON.parse(scanned.stdout) as { findings: { id: string }[]; advisories: object };
  expect(report).toMatchObject({
    exitCode: 1,
    advisories: { digest },
    findings: [{ fix: { version: '1.5.0' } }],
  });
  await writeFile(join(root, 'report.json'), scanned.stdout);

  const { id } = report.findings[0]!;
  const explained = await run(root, 'explain', id, '--db', 'advisories.index', '--report', 'report.json');
  expect(explained.status).toBe(0);
  expect(explained.stdout).toContain('fixed 1.5.0: version >= 1.5.0 is false, so affected');
  expect(explained.stdout).toContain('replay: same');

  const info = await run(root, 'index', 'info', 'advisories.index');
  expect(info.status).toBe(0);
  expect(info.stdout).toContain(digest);
});

it('explains nothing with other advisories than those of the report', async () => {
  const root = await writeProject({
    'package-lock.json': LOCK,
    'a.ndjson': JSON.stringify(RECORD),
    'b.ndjson': JSON.stringify({ ...RECORD, modified: '2026-03-01T00:00:00Z' }),
  });
  for (const name of ['a', 'b'])
    await run(root, 'index', 'build', '--from', `${name}.ndjson`, '--out', `${name}.index`);
  await writeFile(join(root, 'report.json'), (await run(root, 'scan', '--db', 'a.index', '--json')).stdout);
  const { status, stdout } = await run(
    root,
    'explain',
    'GHSA-1:pkg:npm/left@1.0.0',
    '--db',
    'b.index',
    '--report',
    'report.json',
  );
  expect(status).toBe(3);
  expect(stdout).toContain('replay: other advisories');
});

it('prints nothing of a stranger that a terminal would obey', async () => {
  const root = await writeProject({ 'package-lock.json': LOCK, 'db/a.json': RECORD });
  const { status, stdout } = await run(root, 'scan', '--db', 'db');
  expect(status).toBe(1);
  expect(stdout).toContain('A \\u{1b}[31mhole');
  expect(stdout).toContain('package-lock.json:');
  expect(stdout).not.toContain('\u{1B}');
});

it('answers with an exit status for everything that can happen', async () => {
  const root = await writeProject({
    'package-lock.json': LOCK,
    'clean/package-lock.json': { lockfileVersion: 3, packages: { '': {} } },
    'broken/package-lock.json': '{',
    'db/a.json': RECORD,
    'bad/a.json': '{"id":"X","affected":{}}',
    'empty.ndjson': '',
    'both.ndjson': `${JSON.stringify(RECORD)}\n${JSON.stringify(osvRecord('P', pypiEntry('x', 'introduced', '0')))}\n`,
    'python/requirements.txt': `left==1.0 --hash=sha256:${'a'.repeat(64)}\n`,
    'right.ndjson': JSON.stringify(osvRecord('X-1', npmEntry('left', 'introduced', '0'))),
  });
  const status = async (...words: readonly string[]) => (await run(root, ...words)).status;
  expect(await status('scan', '--lockfile', 'clean/package-lock.json', '--db', 'db')).toBe(0);
  expect(
    await status('scan', '--lockfile', 'package-lock.json', 'clean/package-lock.json', '--db', 'db'),
  ).toBe(1);
  expect(await status('scan', '--db', 'right.ndjson')).toBe(2);
  expect(await status('scan', '--db', 'gone')).toBe(3);
  expect(await status('scan', '--db', 'db', '--lockfile', 'broken/package-lock.json')).toBe(3);
  expect(await status('scan', '--db', 'db', '--lockfile', 'gone.txt')).toBe(3);
  expect(await status('index', 'build', '--from', 'bad', '--out', 'bad.index')).toBe(3);
  expect(await status('index', 'build', '--from', 'empty.ndjson', '--out', 'empty.index')).toBe(3);
  expect(await status('scan', '--db', 'empty.index')).toBe(3);
  expect(await status('scan', '--db', 'db', '--lockfile', 'python/requirements.txt')).toBe(3);
  expect(await status('scan', '--db', 'both.ndjson', '--lockfile', 'python/requirements.txt')).toBe(0);
  expect(await status('index', 'info', 'package-lock.json')).toBe(3);
  expect(await status('explain', 'GHSA-1:pkg:npm/left@9.0.0', '--db', 'db')).toBe(3);
  expect(await status('explain', 'nothing', '--db', 'db')).toBe(64);
  expect(await status('scan')).toBe(64);
  expect(await status('scan', '--db', 'db', '--max-age', 'soon')).toBe(64);
  expect(await status('scan', '--db', 'db', '--online', 'osv')).toBe(64);
  expect(await status('unheard-of')).toBe(64);
  expect(await status('--help')).toBe(0);
}, 60_000);

it('says what went wrong as JSON, with a code', async () => {
  const root = await writeProject({ 'package-lock.json': LOCK });
  const { status, stdout } = await run(root, 'scan', '--db', 'gone', '--json');
  expect(status).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ERR_DEP_ADVISORIES' } });
  expect(stdout).not.toContain(root);
});

it('scans with a service', async () => {
  const root = await writeProject({ 'package-lock.json': LOCK });
  const { url } = await startService(({ path }, response) => {
    sendJson(response, path === '/v1/querybatch' ? { results: [{ vulns: [{ id: 'GHSA-1' }] }] } : RECORD);
  });
  const { status, stdout } = await run(root, 'scan', '--online', 'osv', '--url', url, '--json');
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    advisories: { kind: 'osv-api' },
    findings: [{ advisory: 'GHSA-1' }],
  });
});

it('prints a scan in other forms, under a policy and against a base', async () => {
  const expires = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const exceptions = [{ id: 'GHSA-1', package: 'left', reason: 'never reached here', owner: 'ops', expires }];
  const root = await writeProject({
    'package-lock.json': LOCK,
    'db.ndjson': JSON.stringify(RECORD),
    'accepted.yaml': JSON.stringify({ version: 1, exceptions }),
    'broken.yaml': 'version: 2\n',
    'none.json': { findings: [] },
  });
  const scan = (...words: readonly string[]) => run(root, 'scan', '--db', 'db.ndjson', ...words);
  expect(JSON.parse((await scan('--sarif')).stdout)).toMatchObject({ version: '2.1.0' });
  expect(JSON.parse((await scan('--cyclonedx')).stdout)).toMatchObject({ specVersion: '1.6' });
  expect((await scan('--markdown')).stdout).toContain('# Dependencies: fixable');
  const vex = JSON.parse((await scan('--openvex', 'us')).stdout) as object;
  expect(vex).toMatchObject({ author: 'us', statements: [{ status: 'affected' }] });
  expect((await scan('--sarif', '--json')).status).toBe(64);
  expect((await scan('--policy', 'broken.yaml')).status).toBe(64);
  expect((await scan('--policy', 'gone.yaml')).status).toBe(64);

  const accepted = await scan('--policy', 'accepted.yaml', '--json');
  expect(accepted.status).toBe(0);
  expect(JSON.parse(accepted.stdout)).toMatchObject({
    verdict: 'clean',
    findings: [{ advisory: 'GHSA-1' }],
    excepted: { 'GHSA-1:pkg:npm/left@1.0.0': `never reached here; ops; until ${expires}` },
  });

  await writeFile(join(root, 'base.json'), accepted.stdout);
  expect((await scan('--base', 'base.json')).status).toBe(0);
  expect((await scan('--base', 'none.json')).status).toBe(1);
  expect((await scan('--base', 'package-lock.json')).status).toBe(64);

  const named = await scan('--product', 'pkg:npm/app@1', '--policy', 'accepted.yaml', '--json');
  expect(JSON.parse(named.stdout)).toMatchObject({ products: ['pkg:npm/app@1'] });
  await writeFile(join(root, 'named.json'), named.stdout);
  const against = async (...words: readonly string[]) =>
    (await scan('--base', 'named.json', ...words)).status;
  expect([
    await against('--product', 'pkg:npm/app@2'),
    await against(),
    await against('--product', 'pkg:npm/other', 'pkg:npm/app'),
    await against('--product', 'pkg:npm/other@1'),
  ]).toEqual([0, 0, 0, 64]);
}, 30_000);

it('checks pins, integrity and archives, each with its own exit status', async () => {
  const root = await writeProject({
    'package.json': { dependencies: { left: '^1' } },
    'package-lock.json': LOCK,
    'requirements.txt': 'mxnet==1.9.1\n',
    'in/readme.txt': '',
    'none/.keep': '',
  });
  const pins = await run(root, 'pins', '--lockfile', 'package-lock.json', '--json');
  expect(pins.status).toBe(5);
  expect(JSON.parse(pins.stdout)).toMatchObject({
    verdict: 'fail',
    violations: [{ rule: 'exact-pin', line: 3 }],
  });
  expect((await run(root, 'pins', '--lockfile', 'package-lock.json', '--write')).status).toBe(0);
  expect((await run(root, 'pins', '--lockfile', 'requirements.txt', '--hashed', 'h.txt')).status).toBe(5);
  const integrity = await run(root, 'integrity', '--sarif');
  expect(integrity.status).toBe(4);
  expect(JSON.parse(integrity.stdout)).toMatchObject({ version: '2.1.0' });
  expect((await run(root, 'verify', 'in')).status).toBe(4);
  expect((await run(root, 'verify', 'none')).status).toBe(4);
  expect((await run(root, 'verify', 'gone')).status).toBe(3);
  expect((await run(root, 'verify')).status).toBe(64);
}, 30_000);

it('begins a policy, checks everything and keeps the ledger', async () => {
  const entry = {
    version: '1.0.0',
    resolved: 'https://registry.npmjs.org/left/-/left-1.0.0.tgz',
    integrity: sha512('left'),
  };
  const root = await writeProject({
    'package.json': { dependencies: { left: '1.0.0' } },
    'package-lock.json': {
      lockfileVersion: 3,
      packages: { '': { dependencies: { left: '1.0.0' } }, 'node_modules/left': entry },
    },
    'db.ndjson': JSON.stringify(RECORD),
  });
  expect(JSON.parse((await run(root, 'init', '--json')).stdout)).toMatchObject({ kept: [] });
  expect(JSON.parse((await run(root, 'init', '--json')).stdout)).toMatchObject({ written: [] });
  const checked = await run(root, 'check', '--db', 'db.ndjson', '--record', '--json');
  expect(checked.status).toBe(1);
  expect(JSON.parse(checked.stdout)).toMatchObject({
    verdict: 'fixable',
    violations: [],
    ledger: { open: 1 },
  });
  const { stdout } = await run(root, 'ledger', 'status', '--json');
  const { head, items } = JSON.parse(stdout) as { head: string; items: readonly { item: string }[] };
  const until = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const note = ['ledger', 'note', items[0]!.item, '--actor', 'ops', '--reason', 'next week'];
  expect((await run(root, ...note, '--event', 'accepted')).status).toBe(64);
  expect((await run(root, ...note, '--event', 'accepted', '--until', '2999-01-01')).status).toBe(64);
  expect((await run(root, ...note, '--event', 'accepted', '--until', until)).status).toBe(0);
  expect((await run(root, 'ledger', 'verify', '--head', head)).status).toBe(0);
  expect((await run(root, 'ledger', 'verify', '--head', 'f'.repeat(64))).status).toBe(4);
}, 30_000);

it('names every exit status in its help and in the README', async () => {
  const help = (await run(import.meta.dirname, '--help')).stdout;
  const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');
  for (const code of [0, 1, 2, 3, 4, 5, 6, 64, 70]) {
    expect(help).toMatch(new RegExp(`\\b${code} [a-z]`));
    expect(readme).toMatch(new RegExp(`^\\| ${code} +\\|`, 'm'));
  }
});

it('is a program that ends with its status', async () => {
  const root = await writeProject({ 'package-lock.json': LOCK, 'db.ndjson': JSON.stringify(RECORD) });
  const { status, stdout } = spawnSync(process.execPath, [CLI, 'scan', '--db', 'db.ndjson', '--json'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'fixable' });
}, 30_000);

it('keeps its compiled code in the folder of the user, and does without where it cannot', async () => {
  const root = await writeProject({ 'a-file': '' });
  const start = (cache: string, more: object = {}): number | null =>
    spawnSync(process.execPath, [BIN, '--help'], {
      cwd: root,
      env: { PATH: process.env['PATH'], HOME: join(root, 'home'), XDG_CACHE_HOME: cache, ...more },
    }).status;
  expect(start(join(root, 'off'), { NODE_DISABLE_COMPILE_CACHE: '1' })).toBe(0);
  expect(start(join(root, 'a-file'))).toBe(0);
  expect((await readdir(root)).sort()).toEqual(['a-file']);
  expect(start(join(root, 'cache'))).toBe(0);
  expect(await readdir(join(root, 'cache'))).toEqual(['dep-policy']);
  expect(start('relative')).toBe(0);
  expect((await readdir(root)).sort()).toEqual(['a-file', 'cache', 'home']);
}, 30_000);

it('says its version', async () => {
  const { version } = JSON.parse(await readFile(join(import.meta.dirname, '../package.json'), 'utf8')) as {
    version: string;
  };
  expect(await run('.', '--version')).toMatchObject({ status: 0, stdout: version });
});

it.skipIf(!existsSync('/dev/full'))(
  'ends as failed, without a stack, where its results cannot be written (needs /dev/full)',
  () => {
    const shell = (line: string) =>
      spawnSync('sh', ['-c', line, process.execPath, CLI], { encoding: 'utf8' });
    const { status, stderr } = shell('"$0" "$1" --help > /dev/full');
    expect([status, stderr.trim()]).toEqual([70, 'dep-policy: the results could not be written to stdout']);
    expect(shell('"$0" "$1" nonsense 2> /dev/full').status).toBe(64);
  },
);
