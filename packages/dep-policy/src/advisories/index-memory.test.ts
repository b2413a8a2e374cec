import { spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeProject } from '../testing/workspace.ts';

/** As many records as are asked for, each of a package of its own and about as long as one of malware is. */
async function writeRecords(path: string, count: number): Promise<void> {
  const details = 'This package runs a command when it is installed. '.repeat(8);
  const file = createWriteStream(path);
  for (let index = 0; index < count; index += 1) {
    const name = `package-${(index * 2_654_435_761) % 4_294_967_296}`;
    const line = JSON.stringify({
      id: `MAL-2026-${index}`,
      modified: '2026-01-01T00:00:00Z',
      summary: `A hole in ${name}, number ${index}`,
      details,
      affected: [{ package: { ecosystem: 'npm', name }, versions: ['1.0.0', '1.0.1', '1.0.2'] }],
    });
    if (!file.write(`${line}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}

const PROGRAM = `
  const [path, out] = process.argv.slice(-2);
  const { buildAdvisoryIndex } = await import(${JSON.stringify(new URL('./build-index.ts', import.meta.url).href)});
  const { header } = await buildAdvisoryIndex({ from: [path], out });
  process.stdout.write([header.counts.records, header.counts.packages].join(' '));
`;

/** Megabytes of heap that the process gets beside what is young. */
const HEAP = 32;

/** Even without a word of their text, that many records would not fit into the heap. */
const RECORDS = 80_000;

it('is built in a small heap, however many records there are', async () => {
  const root = await writeProject({});
  const path = join(root, 'all.ndjson');
  await writeRecords(path, RECORDS);
  expect((await stat(path)).size).toBeGreaterThan(1.25 * HEAP * 1024 * 1024);
  const limits = [`--max-old-space-size=${HEAP}`, '--max-semi-space-size=2'];
  const words = ['--input-type=module', '-e', PROGRAM, '--', path, join(root, 'out.index')];
  const { stdout, stderr } = spawnSync(process.execPath, [...limits, ...words], { encoding: 'utf8' });
  expect(stdout.trim(), stderr.slice(0, 500)).toBe(`${RECORDS} ${RECORDS}`);
}, 120_000);
