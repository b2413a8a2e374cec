// The integrity lint of a lock of npm: ours and lockfile-lint, in whole processes, start and end included; then what each
// of them finds in entries that nobody should install. Both read the same lock from the same folder and end with 0; ours
// also decodes every hash, compares every URL with name and version, the lock with the manifest, and looks at settings.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

interface CaseResult {
  readonly arms: readonly { readonly name: string; readonly wallMs: { readonly median: number } }[];
}

const PACKAGES = 2000;

const CLI = join(import.meta.dirname, '../bin/dep-policy.js');

const peers = createRequire(new URL('./peers/package.json', import.meta.url));

const FOLDER = mkdtempSync(join(tmpdir(), 'dep-policy-lint-'));

/** An entry as npm writes it. */
function entryOf(name: string, version: string): Record<string, unknown> {
  return {
    version,
    resolved: `https://registry.npmjs.org/${name}/-/${name}-${version}.tgz`,
    integrity: `sha512-${createHash('sha512').update(name).digest('base64')}`,
  };
}

const LEFT = entryOf('left', '1.2.3');
const URL_TEXT = String(LEFT['resolved']);

/** What is wrong with the entry, by what it is. */
const HOSTILE: Readonly<Record<string, Record<string, unknown>>> = {
  'no integrity': { ...LEFT, integrity: undefined },
  'truncated integrity': { ...LEFT, integrity: 'sha512-abc' },
  'no resolved': { ...LEFT, resolved: undefined },
  'URL of another version': { ...LEFT, resolved: URL_TEXT.replaceAll('1.2.3', '1.2.4') },
  http: { ...LEFT, resolved: URL_TEXT.replace('https', 'http') },
  'foreign host': { ...LEFT, resolved: URL_TEXT.replace('npmjs.org', 'npmjs.org.evil.test') },
  'another name': { ...LEFT, resolved: URL_TEXT.replaceAll('left', 'right') },
  sha1: { ...LEFT, integrity: `sha1-${Buffer.alloc(20).toString('base64')}` },
  'user info': { ...LEFT, resolved: URL_TEXT.replace('//', '//registry.npmjs.org@evil.test/') },
};

function writeLock(folder: string, entries: Readonly<Record<string, object>>): void {
  mkdirSync(folder, { recursive: true });
  const dependencies = Object.fromEntries(
    Object.entries(entries).map(([name, entry]) => [name, (entry as { version: string }).version]),
  );
  const packages = Object.fromEntries(
    Object.entries(entries).map(([name, entry]) => [`node_modules/${name}`, entry]),
  );
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'lint', dependencies }));
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify(
      { name: 'lint', lockfileVersion: 3, packages: { '': { name: 'lint', dependencies }, ...packages } },
      undefined,
      2,
    ),
  );
}

/** Ends with 0 if the tool finds nothing. */
function run(words: readonly string[], cwd: string): number | null {
  return spawnSync(process.execPath, words, { cwd, stdio: 'ignore' }).status;
}

function ours(cwd: string): number | null {
  return run([CLI, 'integrity'], cwd);
}

function rival(cwd: string): number | null {
  const program = join(dirname(peers.resolve('lockfile-lint/package.json')), 'bin/lockfile-lint.js');
  const checks = [
    '--validate-https',
    '--validate-integrity',
    '--validate-package-names',
    '--allowed-hosts',
    'npm',
  ];
  return run([program, '--path', 'package-lock.json', '--type', 'npm', ...checks], cwd);
}

function expectClean(status: number | null): { readonly items: number } {
  if (status !== 0) throw new Error(`Expected a clean lock to pass, found status ${status}`);
  return { items: 1 };
}

export default {
  title: `integrity lint of a lock of npm with ${PACKAGES} packages, whole processes`,
  unit: 'lint',
  rounds: 7,
  warmup: 1,
  prepare: (): void => {
    const names = Array.from({ length: PACKAGES }, (_value, index) => `package-${index}`);
    writeLock(join(FOLDER, 'clean'), Object.fromEntries(names.map((name) => [name, entryOf(name, '1.0.0')])));
  },
  arms: [
    {
      name: 'dep-policy',
      baseline: true,
      run: (): { items: number } => expectClean(ours(join(FOLDER, 'clean'))),
    },
    { name: 'lockfile-lint', run: (): { items: number } => expectClean(rival(join(FOLDER, 'clean'))) },
  ],
  report: ([result]: readonly CaseResult[]): string => {
    const lines = Object.entries(HOSTILE).map(([what, entry], index) => {
      const folder = join(FOLDER, `hostile-${index}`);
      writeLock(folder, { left: entry });
      const [own, other] = [ours(folder) === 4, rival(folder) !== 0];
      return `${what}: dep-policy ${own ? 'found' : 'MISSED'}, lockfile-lint ${other ? 'found' : 'MISSED'}`;
    });
    const wall = new Map(result?.arms.map(({ name, wallMs }) => [name, wallMs.median]));
    const ratio = (wall.get('dep-policy') ?? NaN) / (wall.get('lockfile-lint') ?? NaN);
    lines.push(
      `${ratio <= 0.4 ? 'met   ' : 'missed'} wall / lockfile-lint: ${ratio.toFixed(2)} (goal: at most 0.4)`,
    );
    return lines.join('\n');
  },
  dispose: (): void => {
    rmSync(FOLDER, { recursive: true, force: true });
  },
};
