// Verification in a network namespace without so much as a loopback.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';
import { makeSignedModel } from './__fixtures__/signed-model.ts';
import { writeFile } from 'node:fs/promises';

vi.setConfig({ testTimeout: 30_000 });

const program = fileURLToPath(new URL('../../bin/model-verifier.js', import.meta.url));
const shared =
  process.env['SALLYPORT_SHARED'] ?? fileURLToPath(new URL('../../../../../shared', import.meta.url));
const keyless = join(shared, 'vectors/oms/model-transparency/v1.1.0-sigstore');

/** Of util-linux; works for root. */
const UNSHARE = 'unshare';
const canUnshare = spawnSync(UNSHARE, ['-n', 'true']).status === 0;
const reason = canUnshare ? '' : ' (skipped: no right to make a network namespace)';
const offline = (...argv: readonly string[]) =>
  spawnSync(UNSHARE, ['-n', process.execPath, program, ...argv], { encoding: 'utf8' });

it.skipIf(!canUnshare)(`has no network to reach in the tests below${reason}`, () => {
  const script = `require('node:net').connect(80, '127.0.0.1').on('error', ({ code }) => console.log(code))`;
  expect(spawnSync(UNSHARE, ['-n', process.execPath, '-e', script], { encoding: 'utf8' }).stdout).toBe(
    'ENETUNREACH\n',
  );
});

it.skipIf(!canUnshare)(`verifies a key's signature offline${reason}`, async () => {
  const { root, keys, signature } = await makeSignedModel();
  const key = join(root, '../key.pub');
  const file = join(root, '../model.sig');
  await writeFile(key, keys.publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(file, signature);
  const { status, stderr } = offline('verify', root, '--signature', file, '--public-key', key);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

const canKeyless = canUnshare && existsSync(keyless);
it.skipIf(!canKeyless)(
  `verifies a keyless signature offline, with the seeded root${canKeyless ? '' : ' (skipped: no network namespace, or ../shared is absent)'}`,
  () => {
    const { status, stderr } = offline(
      ...['verify', keyless, '--signature', join(keyless, 'model.sig')],
      ...[
        '--identity',
        'stefanb@us.ibm.com',
        '--identity-provider',
        'https://sigstore.verify.ibm.com/oauth2',
      ],
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  },
);
