// `npm run bench -- <name> [--rounds n] [--json]`: builds what is measured, then runs tools/bench on the pinned Node.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { bin, root, run } from './run.mjs';

if (!existsSync(join(bin, 'nx'))) {
  console.error('Expected the locked dependencies in node_modules, found none. Run `npm run setup` first.');
  process.exit(69);
}

// Benches import the packages by name, which is their dist. Its messages must not mix with --json on stdout.
console.error('Building what has changed.');
const build = spawnSync('nx', ['run-many', '-t', 'build', '--output-style=static'], {
  cwd: root,
  env: { ...process.env, PATH: bin + delimiter + process.env.PATH, NX_DAEMON: 'false', NX_TUI: 'false' },
  stdio: ['ignore', 'pipe', 'inherit'],
  encoding: 'utf8',
  shell: process.platform === 'win32',
});
if (build.status !== 0) {
  console.error(build.stdout);
  process.exit(1);
}
process.exitCode = await run('node', ['tools/bench/src/cli.ts', ...process.argv.slice(2)]);
