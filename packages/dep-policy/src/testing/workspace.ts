import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A well-formed integrity; the seed makes it one of many. */
export function sha512(seed: string): string {
  return `sha512-${createHash('sha512').update(seed).digest('base64')}`;
}

/** Writes files (an object becomes JSON) into a fresh folder, which is gone after the test. */
export async function writeProject(files: Readonly<Record<string, string | object>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'dep-policy-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(
      join(root, path),
      typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`,
    );
  }
  return root;
}

/**
 * A lock with one importer and one package, `left@1.2.3`, which passes. A test replaces in its text what it is about.
 */
export const ONE_PACKAGE_LOCK = `lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

  .:
    dependencies:
      left:
        specifier: 1.2.3
        version: 1.2.3

packages:

  left@1.2.3:
    resolution: {integrity: ${sha512('left')}}
    engines: {node: '>=20'}

snapshots:

  left@1.2.3: {}
`;

/** The manifest that goes with {@link ONE_PACKAGE_LOCK}. */
export const ONE_PACKAGE_MANIFEST = { name: 'one', version: '1.0.0', dependencies: { left: '1.2.3' } };

/** The smallest project that passes; the second argument adds or replaces files. */
export function onePackage(
  replace: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, string | object>> = {},
): Promise<string> {
  let lock = ONE_PACKAGE_LOCK;
  for (const [from, to] of Object.entries(replace)) {
    if (!lock.includes(from)) throw new Error(`the lock of the test has no "${from}"`);
    lock = lock.replaceAll(from, to);
  }
  return writeProject({ 'package.json': ONE_PACKAGE_MANIFEST, 'pnpm-lock.yaml': lock, ...files });
}
