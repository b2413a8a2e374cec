import { spawnSync } from 'node:child_process';

/** The nearest release tag behind HEAD, `{projectName}@{version}` as in nx.json, or undefined before the first release. */
export function findReleaseTag() {
  const args = ['describe', '--tags', '--abbrev=0', '--match=@sallyport/*@*'];
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
