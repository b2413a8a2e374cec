import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { npmEntry, osvRecord } from './testing/osv.ts';
import { writeProject } from './testing/workspace.ts';
import { zipOf } from './testing/zip.ts';

const CLI = join(import.meta.dirname, 'cli.ts');

const MIB = 1024 * 1024;

/** What a command may take at most: the program alone has 120 MiB with the compiler of its own source in it. */
const MAX_RESIDENT = 400 * MIB;

const RECORD = osvRecord('GHSA-1', npmEntry('left', 'introduced', '0', 'fixed', '1.5.0'));

const PROJECT = {
  'package-lock.json': {
    lockfileVersion: 3,
    packages: { '': { dependencies: { left: '1.0.0' } }, 'node_modules/left': { version: '1.0.0' } },
  },
  'db.ndjson': JSON.stringify({ ...RECORD, aliases: ['CVE-2026-1'] }),
};

/** What the process itself says at its end: the system's own count begins with what its parent had. */
const MEASURE = `import { readFileSync } from 'node:fs';
process.on('exit', () => {
  const peak = /^VmHWM:\\s*(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  process.stderr.write('resident ' + peak[1] + '\\n');
});`;

/** A process of its own, so that what it takes can be measured, and what it throws late is seen. */
function run(root: string, ...words: readonly string[]) {
  const first = [
    '--max-old-space-size=128',
    '--import',
    `data:text/javascript,${encodeURIComponent(MEASURE)}`,
  ];
  const { status, stderr } = spawnSync(process.execPath, [...first, CLI, ...words], {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines = stderr.trimEnd().split('\n');
  const resident = Number(/^resident (\d+)$/.exec(lines.pop() ?? '')?.[1]) * 1024;
  return { status, complaint: lines.join('\n'), resident };
}

function expectRefusal({ status, complaint, resident }: ReturnType<typeof run>, code: string): void {
  expect(complaint).toMatch(new RegExp(`^dep-policy: ${code}: [^\\n]+$`));
  expect(status).toBe(3);
  expect(resident).toBeLessThan(MAX_RESIDENT);
}

const NO_PROC = existsSync('/proc/self/status') ? undefined : 'skipped: no /proc to measure memory with';

describe.skipIf(NO_PROC !== undefined)(
  `a file that is too large${NO_PROC === undefined ? '' : ` (${NO_PROC})`}`,
  () => {
    it('is refused as EPSS data of one line that unpacks to a gibibyte', async () => {
      const root = await writeProject(PROJECT);
      const part = gzipSync(Buffer.alloc(64 * MIB));
      await writeFile(join(root, 'epss.csv.gz'), Buffer.concat(Array.from({ length: 16 }, () => part)));
      expectRefusal(run(root, 'scan', '--db', 'db.ndjson', '--epss', 'epss.csv.gz'), 'ERR_DEP_ADVISORIES');
    }, 90_000);

    it('is refused as a lock of a hundred megabytes', async () => {
      const root = await writeProject(PROJECT);
      await truncate(join(root, 'package-lock.json'), 100_000_000);
      expectRefusal(run(root, 'scan', '--db', 'db.ndjson'), 'ERR_DEP_LIMIT');
    }, 90_000);

    it('is refused as records in one line of a hundred megabytes', async () => {
      const root = await writeProject(PROJECT);
      await truncate(join(root, 'db.ndjson'), 100_000_000);
      expectRefusal(run(root, 'scan', '--db', 'db.ndjson'), 'ERR_DEP_ADVISORIES');
    }, 90_000);

    it('is refused as an entry of a zip that unpacks to more than it says', async () => {
      const root = await writeProject(PROJECT);
      const zip = zipOf({ 'bomb.json': ' '.repeat(256 * MIB) });
      // Where a zip says, in both of its places, how large the entry will be.
      for (const [mark, size] of [
        ['PK\x03\x04', 22],
        ['PK\x01\x02', 24],
      ] as const) {
        zip.writeUInt32LE(1000, zip.lastIndexOf(Buffer.from(mark, 'latin1')) + size);
      }
      await writeFile(join(root, 'db.zip'), zip);
      expectRefusal(run(root, 'scan', '--db', 'db.zip'), 'ERR_DEP_ADVISORIES');
    }, 90_000);
  },
);
