// `npm run release`: shows what a release would do and does none of it. More arguments go on to `nx release`.
import { PNPM } from './pnpm.mjs';
import { findReleaseTag } from './release-tag.mjs';
import { run } from './run.mjs';

// Before the first release there is no tag to start from: the versions in package.json are the current ones.
const first = findReleaseTag() === undefined ? ['--first-release'] : [];
// Nx calls `pnpm` by its bare name, so it must be on PATH, in the one version that this repository is tried with.
const [, pnpm] = PNPM;
const release = ['nx', 'release', '--dry-run', '--skip-publish', ...first, ...process.argv.slice(2)];
process.exitCode = await run('npx', ['--yes', `--package=${pnpm}`, '--', ...release]);
