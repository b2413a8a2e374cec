// A process that counts in a file, one at a time under a transient lock file: `exclusive-counter.ts <folder> <times>`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withExclusive } from '../exclusive.ts';

const [folder = '', times = '0'] = process.argv.slice(2);
const file = join(folder, 'count');
for (let time = 0; time < Number(times); time++) {
  await withExclusive(join(folder, 'lock'), { waitMs: 60_000, isTransient: true }, async () => {
    const before = Number(readFileSync(file, 'utf8'));
    if (time % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    writeFileSync(file, String(before + 1));
  });
}
