// Packs the package as the registry would get it, then checks the tarball with publint and attw.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNPM } from './pnpm.mjs';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-pack-'));
const run = (command, ...args) => execFileSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
try {
  run('npx', ...PNPM, 'pack', '--silent', '--pack-destination', folder);
  const tarball = join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.tgz')),
  );
  run('publint', 'run', tarball, '--strict');
  run('attw', tarball, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
