// Cases that other tools are known to get wrong, asked of each tool as a whole process. The table below the times is
// what this is for: who gives the right answer.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { filesOf, LINT_CASES, lintFilesOf, SCAN_CASES } from '../src/testing/rival-cases.ts';
import type { LintCase, ScanCase } from '../src/testing/rival-cases.ts';

const CLI = join(import.meta.dirname, '../bin/dep-policy.js');

const peers = createRequire(new URL('./peers/package.json', import.meta.url));

const FOLDER = mkdtempSync(join(tmpdir(), 'dep-policy-rivals-'));

/** By tool, then by case: whether the answer was right. */
const answers = new Map<string, Map<string, boolean>>();

interface Work {
  readonly items: number;
}

/** What a scan has said, in whatever form. */
interface Answer {
  readonly findings: number;
  readonly rating: string | undefined;
  readonly line: number | undefined;
}

interface Log {
  readonly runs: readonly [
    {
      readonly results: readonly {
        readonly locations?: readonly {
          readonly physicalLocation?: { readonly region?: { readonly startLine?: number } };
        }[];
      }[];
    },
  ];
}

function run(
  cwd: string,
  words: readonly string[],
): { readonly status: number | null; readonly stdout: string } {
  return spawnSync(process.execPath, words, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 });
}

function folderOf(name: string): string {
  return join(FOLDER, name.replaceAll(/[^a-z0-9]+/gi, '-'));
}

function lineOf(log: Log): number | undefined {
  return log.runs[0].results[0]?.locations?.[0]?.physicalLocation?.region?.startLine;
}

function askUs(folder: string): Answer {
  const scan = (form: string): string =>
    run(folder, [CLI, 'scan', '--lockfile', 'package-lock.json', '--db', 'records.ndjson', form]).stdout;
  const { findings } = JSON.parse(scan('--json')) as { findings: { severity: { rating: string } }[] };
  return {
    findings: findings.length,
    rating: findings[0]?.severity.rating,
    line: lineOf(JSON.parse(scan('--sarif')) as Log),
  };
}

function askCveLite(folder: string): Answer {
  const program = join(dirname(peers.resolve('cve-lite-cli/package.json')), 'dist/index.js');
  const output = join(folder, 'cve-lite');
  rmSync(output, { recursive: true, force: true });
  const preload = ['--import', join(import.meta.dirname, 'keep-sqlite.mjs')];
  const words = ['.', '--offline', '--offline-db', 'cve-lite.db', '--json', '--sarif', '--output', output];
  run(folder, [...preload, program, ...words]);
  const read = (ending: string): unknown => {
    const name = readdirSync(output).find((file) => file.endsWith(ending));
    if (name === undefined) throw new Error(`Expected a ${ending} file of cve-lite-cli, found none`);
    return JSON.parse(readFileSync(join(output, name), 'utf8'));
  };
  const { findings } = read('.json') as {
    findings: { severity: string; vulnerabilities: readonly unknown[] }[];
  };
  return {
    findings: findings.reduce((count, { vulnerabilities }) => count + vulnerabilities.length, 0),
    rating: findings[0]?.severity,
    line: lineOf(read('.sarif') as Log),
  };
}

function isRight(folder: string, { expected }: ScanCase, { findings, rating, line }: Answer): boolean {
  if (findings !== expected.findings) return false;
  if (expected.rating !== undefined && rating !== expected.rating) return false;
  if (expected.hasLine !== true) return true;
  const lines = readFileSync(join(folder, 'package-lock.json'), 'utf8').split('\n');
  return line === lines.findIndex((text) => text.includes('"node_modules/left"')) + 1;
}

/** Ends with 0 if the tool finds nothing. */
function lintWithUs(folder: string): number | null {
  return run(folder, [CLI, 'integrity', '--lockfile', 'package-lock.json']).status;
}

function lintWithLockfileLint(folder: string): number | null {
  const program = join(dirname(peers.resolve('lockfile-lint/package.json')), 'bin/lockfile-lint.js');
  const checks = [
    '--validate-https',
    '--validate-integrity',
    '--validate-package-names',
    '--allowed-hosts',
    'npm',
  ];
  return run(folder, [program, '--path', 'package-lock.json', '--type', 'npm', ...checks]).status;
}

function askAll(
  tool: string,
  ask?: (folder: string) => Answer,
  lint?: (folder: string) => number | null,
): Work {
  const own = new Map<string, boolean>();
  for (const one of ask === undefined ? [] : SCAN_CASES) {
    const folder = folderOf(one.name);
    own.set(one.name, isRight(folder, one, ask!(folder)));
  }
  for (const one of lint === undefined ? [] : LINT_CASES) {
    own.set(one.name, (lint!(folderOf(one.name)) === 0) === one.isClean);
  }
  answers.set(tool, own);
  return { items: own.size };
}

function write(name: string, files: Readonly<Record<string, object | string>>): void {
  mkdirSync(folderOf(name), { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    const text = typeof content === 'string' ? content : JSON.stringify(content, undefined, 2);
    writeFileSync(join(folderOf(name), path), text);
  }
}

/** Through the rival's own code, as its synchronisation does. */
async function writeCveLiteDatabases(): Promise<void> {
  const root = dirname(peers.resolve('cve-lite-cli/package.json'));
  await import(pathToFileURL(join(import.meta.dirname, 'keep-sqlite.mjs')).href);
  const { LocalAdvisoryDatabase } = (await import(
    pathToFileURL(join(root, 'dist/advisory/local-db.js')).href
  )) as {
    LocalAdvisoryDatabase: new (path: string) => {
      bulkUpsertVulnerabilities(records: Iterable<unknown>): void;
      setMetadata(data: { lastSyncAt: string; sourceUrl: string }): void;
      close(): void;
    };
  };
  for (const { name, records } of SCAN_CASES) {
    const database = new LocalAdvisoryDatabase(join(folderOf(name), 'cve-lite.db'));
    database.bulkUpsertVulnerabilities(records);
    database.setMetadata({ lastSyncAt: new Date().toISOString(), sourceUrl: 'https://example.org' });
    database.close();
  }
}

/** Of Renovate's database only one case can be asked: it finds records by name, and does not match versions. */
function askOsvOffline(): Work {
  const one = SCAN_CASES.find(({ name }) => name === 'a record without a purl')!;
  const folder = folderOf(one.name);
  const records = one.records.map((record) => JSON.stringify(record)).join('\n');
  writeFileSync(join(folder, 'npm.nedb'), `${records}\n`);
  const { stdout } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'query-osv-offline.mjs'), 'package-lock.json'],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, OSV_OFFLINE_ROOT_DIR: folder } },
  );
  answers.set('osv-offline-db', new Map([[one.name, stdout.trim() === String(one.expected.findings)]]));
  return { items: 1 };
}

export default {
  title: 'answers to cases that are easily got wrong, whole processes',
  unit: 'case',
  rounds: 1,
  warmup: 0,
  prepare: async (): Promise<void> => {
    for (const one of SCAN_CASES) {
      const records = one.records.map((record) => JSON.stringify(record)).join('\n');
      write(one.name, { ...filesOf(one), 'records.ndjson': `${records}\n` });
    }
    for (const one of LINT_CASES) write(one.name, lintFilesOf(one));
    await writeCveLiteDatabases();
  },
  arms: [
    { name: 'dep-policy', baseline: true, run: (): Work => askAll('dep-policy', askUs, lintWithUs) },
    { name: 'cve-lite-cli', run: (): Work => askAll('cve-lite-cli', askCveLite) },
    { name: 'lockfile-lint', run: (): Work => askAll('lockfile-lint', undefined, lintWithLockfileLint) },
    { name: 'osv-offline-db', run: askOsvOffline },
  ],
  report: (): string => {
    const word = (tool: string, name: string): string => {
      const isRightAnswer = answers.get(tool)?.get(name);
      return isRightAnswer === undefined ? '–' : isRightAnswer ? 'right' : 'WRONG';
    };
    const table = (rival: string, cases: readonly (ScanCase | LintCase)[]): string[] => [
      `| Case | dep-policy | ${rival} |`,
      '| --- | --- | --- |',
      ...cases.map(({ name }) => `| ${name} | ${word('dep-policy', name)} | ${word(rival, name)} |`),
      `| right answers | ${rights('dep-policy', cases)} | ${rights(rival, cases)} |`,
    ];
    return [
      ...table('cve-lite-cli', SCAN_CASES),
      '',
      ...table('lockfile-lint', LINT_CASES),
      '',
      `osv-offline-db, a record without a purl: ${word('osv-offline-db', 'a record without a purl')}`,
    ].join('\n');
  },
  dispose: (): void => {
    rmSync(FOLDER, { recursive: true, force: true });
  },
};

function rights(tool: string, cases: readonly { readonly name: string }[]): string {
  return `${cases.filter(({ name }) => answers.get(tool)?.get(name) === true).length} of ${cases.length}`;
}
