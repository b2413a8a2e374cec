// What Renovate does with its offline database: every record of every package of a lock. It does not match versions.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [lock] = process.argv.slice(2);
const require = createRequire(new URL('./peers/package.json', import.meta.url));
const { OsvOfflineDb } = await import(pathToFileURL(require.resolve('@renovatebot/osv-offline-db')).href);
const { packages } = JSON.parse(readFileSync(lock, 'utf8'));
const database = OsvOfflineDb.create();
let found = 0;
for (const path of Object.keys(packages)) {
  if (path === '') continue;
  found += (await database.query('npm', path.slice(path.lastIndexOf('node_modules/') + 13))).length;
}
database[Symbol.dispose]();
process.stdout.write(`${found}\n`);
