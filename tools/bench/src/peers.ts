import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { styleText } from 'node:util';

/**
 * Installs what a project's benches compare it with: `bench/peers/package.json` with its `package-lock.json`. Rivals
 * stay out of the workspace, so that who only builds or tests the project never downloads them. Their install scripts
 * do not run, but for the packages that `sallyport.rebuild` names.
 *
 * @param project - The project's folder, absolute.
 * @throws {Error} If npm fails.
 */
export function installPeers(project: string): void {
  const folder = join(project, 'bench', 'peers');
  const lock = join(folder, 'package-lock.json');
  if (!existsSync(lock)) return;
  const digest = createHash('sha256').update(readFileSync(lock)).digest('hex');
  const stamp = join(folder, 'node_modules', '.installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;

  process.stderr.write(`${styleText('bold', 'Installing the peers of this bench.')}\n`);
  npm(folder, 'ci', '--ignore-scripts', '--no-audit', '--no-fund');
  const builds = readBuilds(join(folder, 'package.json'));
  if (builds.length > 0) npm(folder, 'rebuild', ...builds);
  writeFileSync(stamp, digest);
}

function npm(folder: string, ...args: readonly string[]): void {
  const { status } = spawnSync('npm', args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0)
    throw new Error(`Expected npm ${args[0] ?? ''} to install the peers, but it ended with ${status}`);
}

function readBuilds(manifest: string): readonly string[] {
  const { sallyport } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    sallyport?: { rebuild?: readonly string[] };
  };
  return sallyport?.rebuild ?? [];
}
