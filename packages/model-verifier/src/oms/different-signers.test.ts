import { expect, it } from 'vitest';
import { differentSigners } from './different-signers.ts';
import type { Signer } from './trust.ts';

const certified = (key: string, identity: string, root = 'root'): Signer => ({
  method: 'certificate',
  id: `sha256:${key}`,
  identity,
  fingerprints: [`leaf-${key}`, root],
});
const count = (...signers: readonly Signer[]): number => differentSigners(signers).length;

it('counts a key once, whichever way it signed', () => {
  expect(count({ method: 'key', id: 'sha256:a' }, certified('a', 'CN=jo'))).toBe(1);
  expect(count({ method: 'key', id: 'sha256:a' }, certified('b', 'CN=jo'))).toBe(2);
});

it('counts a renewed certificate once: same name, same root, another key', () => {
  expect(count(certified('a', 'CN=jo'), certified('b', 'CN=jo'))).toBe(1);
  expect(count(certified('a', 'CN=jo'), certified('b', 'CN=ann'))).toBe(2);
  expect(count(certified('a', 'CN=jo'), certified('b', 'CN=jo', 'other'))).toBe(2);
});

it('tells certificates without a name apart by their keys', () => {
  expect(count(certified('a', ''), certified('b', ''))).toBe(2);
});
