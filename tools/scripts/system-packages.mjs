// The programs that some tests run for real come from Debian. `npm test` installs what is missing where it may
// (Debian, root); anywhere else it says what is missing, and the tests that need it skip and say so.
import { spawnSync } from 'node:child_process';

const PACKAGES = {
  bubblewrap: 'the sandbox of tasks and of the video decoder',
  ffmpeg: 'video frames',
  openssl: 'signatures that another program verifies',
  'python3-packaging': 'the order of Python versions',
  'python3-pil': 'pixels as Pillow resamples them',
  'python3-pip': 'hashes as pip checks them',
  'redis-server': 'rate limits in a shared store',
  'util-linux': 'limits of processes, namespaces',
};

/** Installs the missing Debian packages, or prints why it does not. Never fails: a test that needs one skips aloud. */
export function installSystemPackages(say) {
  const missing = findMissing();
  if (missing === undefined) {
    say('Not a Debian system: tests that need a program which is not installed are skipped.');
    return;
  }
  if (missing.length === 0) return;
  const purposes = missing.map((name) => `${name} (${PACKAGES[name]})`).join(', ');
  if (process.getuid?.() !== 0 || process.env.SALLYPORT_SYSTEM_PACKAGES === 'skip') {
    say(`Tests skip what needs ${purposes}. To run them: apt-get install ${missing.join(' ')}`);
    return;
  }
  say(`Installing Debian packages for the tests: ${purposes}.`);
  const apt = (...args) =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: 600_000,
    }).status === 0;
  const install = ['install', '-y', '-qq', '--no-install-recommends', ...missing];
  // The lists of a fresh machine may be empty or old; where they are not, refreshing them is a wasted minute.
  if (!apt(...install) && !(apt('update', '-qq') && apt(...install))) {
    say(`apt-get could not install them: tests skip what needs ${missing.join(', ')}.`);
  }
}

/** Names of the packages that are not installed; nothing where there is no dpkg. */
function findMissing() {
  const { status, stdout, error } = spawnSync(
    'dpkg-query',
    ['--show', '--showformat=${Package} ${db:Status-Status}\n', ...Object.keys(PACKAGES)],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  // Status 1 only says that one of them is unknown.
  if (error || status === null || status > 1) return undefined;
  const installed = new Set(
    stdout
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([, state]) => state === 'installed')
      .map(([name]) => name),
  );
  return Object.keys(PACKAGES).filter((name) => !installed.has(name));
}
