// A throw-away copy of this workspace without its packages, on the installed dependencies, for end-to-end tests.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname, '../../..');
const FILES = [
  'package.json',
  'nx.json',
  'eslint.config.mjs',
  'commitlint.config.mjs',
  'tsconfig.base.json',
  'pnpm-workspace.yaml',
  'pnpm-lock.yaml',
  '.prettierrc.json',
  '.prettierignore',
  '.gitignore',
];

/** What a command of the copy left. */
export interface Outcome {
  readonly status: number | null;
  /** Both streams, without colours. */
  readonly output: string;
}

/** A copy in a temporary folder; disposing of it removes the folder. */
export interface WorkspaceCopy extends Disposable {
  readonly folder: string;
  /** Runs one of the installed programs in the copy. */
  run(program: string, ...args: string[]): Outcome;
}

export function copyWorkspace(): WorkspaceCopy {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-workspace-'));
  for (const file of FILES) cpSync(join(root, file), join(folder, file));
  for (const tool of ['workspace', 'scripts']) {
    cpSync(join(root, 'tools', tool), join(folder, 'tools', tool), {
      recursive: true,
      filter: (source) => !/[\\/](?:node_modules|reports|out-tsc)$/.test(source),
    });
  }
  const config = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as Record<string, unknown>;
  const references = [{ path: './tools/workspace' }];
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...config, references }, undefined, 2));
  linkDependencies(folder);
  return {
    folder,
    run: (program, ...args) => {
      const { status, stdout, stderr } = spawnSync(program, args, {
        cwd: folder,
        env: cleanEnvironment(folder),
        encoding: 'utf8',
        timeout: 120_000,
      });
      return { status, output: stdout + stderr };
    },
    [Symbol.dispose]: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Everything installed, except that `workspace` is the copy's own. */
function linkDependencies(folder: string): void {
  const installed = join(root, 'node_modules');
  mkdirSync(join(folder, 'node_modules'));
  for (const name of readdirSync(installed)) {
    if (name === 'workspace' || name === '@sallyport') continue;
    symlinkSync(join(installed, name), join(folder, 'node_modules', name));
  }
  const workspace = join('tools', 'workspace');
  symlinkSync(join(folder, workspace), join(folder, 'node_modules', 'workspace'));
  symlinkSync(join(root, workspace, 'node_modules'), join(folder, workspace, 'node_modules'));
}

/** These tests run inside Nx and Vitest, whose variables would lead the copy's Nx back into this workspace. */
function cleanEnvironment(folder: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:NX_|VITEST|NODE_ENV|TEST$|FORCE_COLOR)/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    PATH: join(folder, 'node_modules', '.bin') + delimiter + (process.env['PATH'] ?? ''),
    NX_DAEMON: 'false',
    NX_ISOLATE_PLUGINS: 'false',
    NX_NO_CLOUD: 'true',
    NX_TUI: 'false',
    NX_INTERACTIVE: 'false',
    NO_COLOR: '1',
  };
}
