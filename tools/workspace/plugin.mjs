// Infers the targets every package has in common, so that no project carries a project.json or a script list.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createNodesFromFiles } from '@nx/devkit';

/** One tsup.config.ts makes a project buildable; an api-extractor.json makes it a published package. */
export const createNodes = [
  '{packages,apps,tools}/*/tsup.config.ts',
  (configFiles, options, context) =>
    createNodesFromFiles((configFile) => inferTargets(configFile, context), configFiles, options, context),
];

function inferTargets(configFile, { workspaceRoot }) {
  const root = dirname(configFile);
  const published = root.startsWith('packages/');
  const run = (command) => ({ executor: 'nx:run-commands', options: { cwd: root, command } });
  const targets = { build: run('tsup --silent') };
  if (published) {
    targets.api = run('node ../../tools/scripts/api.mjs');
    targets.package = run('node ../../tools/scripts/package.mjs');
  }
  if (published || existsSync(join(workspaceRoot, root, 'README.md'))) {
    targets.readme = run('node ../../tools/scripts/readme.mjs');
  }
  return { projects: { [root]: { targets } } };
}
