import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { installPeers } from './peers.ts';

let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'peers-'));
});

afterEach(() => {
  rmSync(project, { recursive: true, force: true });
});

/** A lock with one package from a folder beside it, so that nothing is downloaded. */
function writePeers(marker: string): void {
  const folder = join(project, 'bench', 'peers');
  const peer = join(folder, 'peer');
  mkdirSync(peer, { recursive: true });
  writeFileSync(
    join(peer, 'package.json'),
    JSON.stringify({
      name: 'peer',
      version: '1.0.0',
      scripts: { postinstall: `touch ${join(project, 'ran')}` },
    }),
  );
  const dependencies = { peer: 'file:peer' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: marker, private: true, dependencies }));
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({
      name: marker,
      lockfileVersion: 3,
      requires: true,
      packages: {
        '': { name: marker, dependencies },
        'node_modules/peer': { resolved: 'peer', link: true },
        peer: { version: '1.0.0', hasInstallScript: true },
      },
    }),
  );
}

const installed = (): boolean => existsSync(join(project, 'bench/peers/node_modules/peer/package.json'));

it('does nothing for a project without peers', () => {
  installPeers(project);
  expect(existsSync(join(project, 'bench'))).toBe(false);
});

it('installs what the lock says and runs no install script', () => {
  writePeers('one');
  installPeers(project);
  expect(installed()).toBe(true);
  expect(existsSync(join(project, 'ran'))).toBe(false);
});

it('installs again only when the lock has changed', () => {
  writePeers('one');
  installPeers(project);
  rmSync(join(project, 'bench/peers/node_modules/peer'));
  installPeers(project);
  expect(installed()).toBe(false);
  writePeers('two');
  installPeers(project);
  expect(installed()).toBe(true);
});

it('says so when npm cannot install', () => {
  mkdirSync(join(project, 'bench/peers'), { recursive: true });
  writeFileSync(join(project, 'bench/peers/package.json'), '{}');
  writeFileSync(join(project, 'bench/peers/package-lock.json'), 'not JSON');
  expect(() => {
    installPeers(project);
  }).toThrow('Expected npm ci to install the peers');
});
