// Checks the messages of all commits since the last release against commitlint.config.mjs.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findReleaseTag } from './release-tag.mjs';
import { root, run } from './run.mjs';

if (existsSync(join(root, '.git'))) {
  const tag = findReleaseTag();
  process.exitCode = await run('commitlint', [...(tag ? ['--from', tag] : []), '--to', 'HEAD']);
} else {
  console.log('No .git here, so there are no commit messages to check.');
}
