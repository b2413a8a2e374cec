// A scan of a lock against a database of full size, as whole processes, start and end included: ours, the nearest rival
// offline, and Renovate's offline database. What is generated is kept in the temporary folder.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeLock, writeDatabase } from './database.ts';

interface CaseResult {
  readonly name: string;
  readonly arms: readonly { readonly name: string; readonly wallMs: { readonly median: number } }[];
}

interface Work {
  readonly items: number;
}

const CACHE = join(tmpdir(), 'sallyport-bench-deps-1');
const RECORDS = join(CACHE, 'npm.nedb');
const INDEX = join(CACHE, 'advisories.index');
const RIVAL_DATABASE = join(CACHE, 'cve-lite.db');
const PEAK_FILE = join(CACHE, 'peak');
const CLI = join(import.meta.dirname, '../bin/dep-policy.js');

const peers = createRequire(new URL('./peers/package.json', import.meta.url));
const SIZES = new Map([
  ['2,000 packages', 2000],
  ['20,000 packages', 20_000],
]);
const peaks = new Map<string, number[]>();
const answers = new Map<string, string>();
const builds: string[] = [];

const folderOf = (name: string): string => join(CACHE, `lock-${SIZES.get(name)!}`);

/** Runs a program of Node's to its end. */
function runNode(
  arm: string,
  cwd: string,
  accepted: readonly number[],
  words: readonly string[],
): { readonly stdout: string } {
  rmSync(PEAK_FILE, { force: true });
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', join(import.meta.dirname, 'peak-memory.mjs'), ...words],
    {
      cwd,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: {
        ...process.env,
        PEAK_MEMORY_FILE: PEAK_FILE,
        OSV_OFFLINE_ROOT_DIR: CACHE,
        XDG_CACHE_HOME: CACHE,
        NO_COLOR: '1',
      },
    },
  );
  const [status = NaN, peak = NaN] = existsSync(PEAK_FILE)
    ? readFileSync(PEAK_FILE, 'utf8').split(' ').map(Number)
    : [];
  if (!accepted.includes(status)) {
    throw new Error(
      `Expected ${arm} to end with ${accepted.join(' or ')}, found ${status}: ${stderr.slice(0, 500)}`,
    );
  }
  peaks.set(arm, [...(peaks.get(arm) ?? []), peak]);
  return { stdout };
}

function timed(what: string, work: () => void): void {
  const start = performance.now();
  work();
  builds.push(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

async function prepare(): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  if (!existsSync(RECORDS)) {
    await writeDatabase(`${RECORDS}.part`);
    renameSync(`${RECORDS}.part`, RECORDS);
  }
  for (const [name, packages] of SIZES) {
    mkdirSync(folderOf(name), { recursive: true });
    const lock = makeLock(packages) as { packages: Record<string, object> };
    writeFileSync(join(folderOf(name), 'package-lock.json'), JSON.stringify(lock, undefined, 2));
    writeFileSync(join(folderOf(name), 'package.json'), JSON.stringify(lock.packages['']));
  }
  // Built anew each time: the format may have changed.
  const source = join(CACHE, 'npm.ndjson');
  if (!existsSync(source)) linkSync(RECORDS, source);
  timed('our index', () => {
    runNode(
      'index build',
      CACHE,
      [0],
      [CLI, 'index', 'build', '--from', source, '--out', INDEX, '--as-of', new Date().toISOString()],
    );
  });
  if (!existsSync(RIVAL_DATABASE)) await buildRivalDatabase();
}

/** Through the rival's own code, with all records in one transaction as its own synchronisation does. */
async function buildRivalDatabase(): Promise<void> {
  const root = dirname(peers.resolve('cve-lite-cli/package.json'));
  const { LocalAdvisoryDatabase } = (await import(
    pathToFileURL(join(root, 'dist/advisory/local-db.js')).href
  )) as {
    LocalAdvisoryDatabase: new (path: string) => {
      bulkUpsertVulnerabilities(records: Iterable<unknown>): void;
      setMetadata(data: { lastSyncAt: string; sourceUrl: string }): void;
      close(): void;
    };
  };
  const path = `${RIVAL_DATABASE}.part`;
  rmSync(path, { force: true });
  timed('cve-lite database', () => {
    const database = new LocalAdvisoryDatabase(path);
    const records = readFileSync(RECORDS).toString('utf8').trimEnd().split('\n');
    database.bulkUpsertVulnerabilities(records.map((line): unknown => JSON.parse(line)));
    database.setMetadata({ lastSyncAt: new Date().toISOString(), sourceUrl: 'https://example.org' });
    database.close();
  });
  renameSync(path, RIVAL_DATABASE);
}

/** What each arm does between its start and its end. */
const WORK = [
  'dep-policy: looks for a policy, reads the lock and the index, matches, finds paths and fixes, prints all as JSON;',
  '  from the second run on it starts from the compiled code that it keeps',
  'cve-lite offline: reads manifest and lock, queries its SQLite database, matches, plans fixes, writes all as JSON',
  'osv-offline-db: reads the lock, makes an index of its database in memory, gives the records of each name;',
  '  it does not match versions, so that it is not the same question',
];

export default {
  title: 'scan of a lock of npm against 214,057 advisories, whole processes',
  unit: 'scan',
  cases: [...SIZES.keys()],
  rounds: 7,
  warmup: 1,
  prepare,
  arms: [
    {
      name: 'dep-policy',
      baseline: true,
      run: (name: string): Work => {
        const words = ['scan', '--lockfile', 'package-lock.json', '--db', INDEX, '--json'];
        const { stdout } = runNode(`dep-policy ${name}`, folderOf(name), [1], [CLI, ...words]);
        const { counts, findings } = JSON.parse(stdout) as {
          counts: { packages: number };
          findings: unknown[];
        };
        answers.set(`dep-policy ${name}`, `${findings.length} findings in ${counts.packages} versions`);
        return { items: 1 };
      },
    },
    {
      name: 'cve-lite offline',
      run: (name: string): Work => {
        const program = join(dirname(peers.resolve('cve-lite-cli/package.json')), 'dist/index.js');
        const output = join(CACHE, 'rival');
        rmSync(output, { recursive: true, force: true });
        mkdirSync(output);
        const words = ['.', '--offline', '--offline-db', RIVAL_DATABASE, '--json', '--output', output];
        const preload = ['--import', join(import.meta.dirname, 'keep-sqlite.mjs')];
        runNode(`cve-lite ${name}`, folderOf(name), [0, 1], [...preload, program, ...words]);
        return { items: 1 };
      },
    },
    {
      name: 'osv-offline-db',
      run: (name: string): Work => {
        const program = join(import.meta.dirname, 'query-osv-offline.mjs');
        const { stdout } = runNode(
          `osv-offline-db ${name}`,
          folderOf(name),
          [0],
          [program, 'package-lock.json'],
        );
        answers.set(`osv-offline-db ${name}`, `${stdout.trim()} records, versions not matched`);
        return { items: 1 };
      },
    },
  ],
  dispose: (): void => {
    rmSync(join(CACHE, 'rival'), { recursive: true, force: true });
  },
  report: (results: readonly CaseResult[]): string => {
    const [small, large] = results.map(
      ({ arms }) => new Map(arms.map(({ name, wallMs }) => [name, wallMs.median])),
    );
    const lines = [...WORK, ...builds];
    const memory = (arm: string): number => median(peaks.get(arm) ?? [0]) / 1e6;
    for (const arm of peaks.keys()) lines.push(`peak memory of ${arm}: ${memory(arm).toFixed(0)} MB`);
    for (const [arm, answer] of answers) lines.push(`${arm}: ${answer}`);
    const size = (path: string): number => statSync(path).size / 1e6;
    lines.push(`on disk: index ${size(INDEX).toFixed(1)} MB, cve-lite ${size(RIVAL_DATABASE).toFixed(1)} MB`);
    lines.push(goal('index on disk / cve-lite', size(INDEX) / size(RIVAL_DATABASE), 0.1));
    lines.push(
      goal(
        'peak memory / cve-lite',
        memory('dep-policy 2,000 packages') / memory('cve-lite 2,000 packages'),
        0.6,
      ),
    );
    if (small !== undefined) {
      lines.push(goal('wall / cve-lite', small.get('dep-policy')! / small.get('cve-lite offline')!, 0.35));
      lines.push(goal('wall / osv-offline-db', small.get('dep-policy')! / small.get('osv-offline-db')!, 0.1));
    }
    if (small !== undefined && large !== undefined) {
      lines.push(
        goal('wall of 10 times the packages', large.get('dep-policy')! / small.get('dep-policy')!, 11),
      );
    }
    return lines.join('\n');
  },
};

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function goal(what: string, value: number, most: number): string {
  return `${value <= most ? 'met   ' : 'missed'} ${what}: ${value.toFixed(2)} (goal: at most ${most})`;
}
