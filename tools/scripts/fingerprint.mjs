// Prints what decides a test's outcome but is no file of this repository: Nx mixes it into the cache key.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';

const shared = process.env.SALLYPORT_SHARED ?? join(root, '..', 'shared');
console.log(process.version, process.platform, process.arch, process.getuid?.() === 0 ? 'root' : 'user');
console.log(
  listing(join(shared, 'vectors'))
    .concat(listing(join(shared, 'data')))
    .join('\n'),
);

/** Every file below a folder with its digest; nothing where there is no such folder. */
function listing(folder) {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return listing(path);
    return entry.isFile()
      ? [`${path} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`]
      : [path];
  });
}
