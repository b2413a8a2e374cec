import { describe, expect, it } from 'vitest';
import { DEFAULT_REGISTRY, hashPolicy, parsePolicy } from './policy.ts';

it('allows npm alone when nothing is asked for', () => {
  expect(parsePolicy()).toEqual({ registry: DEFAULT_REGISTRY, allowedRegistries: [DEFAULT_REGISTRY] });
});

it('allows the chosen registry alone when no others are named', () => {
  expect(parsePolicy({ registry: 'https://npm.example' }).allowedRegistries).toEqual([
    'https://npm.example/',
  ]);
});

describe('ERR_DEP_POLICY', () => {
  it.each([
    ['an unknown key', { registrry: DEFAULT_REGISTRY }],
    ['exceptions, which do not exist yet', { allow: [] }],
    ['http', { registry: 'http://registry.npmjs.org/' }],
    ['user info', { registry: 'https://user:secret@registry.npmjs.org/' }],
    ['no registries at all', { allowedRegistries: [] }],
    ['a registry that is not among the allowed', { allowedRegistries: ['https://npm.example/'] }],
    ['a number', { registry: 1 }],
    ['an array', []],
    ['null', null],
  ])('refuses %s', (_, policy) => {
    expect(() => parsePolicy(policy as object)).toThrow(expect.objectContaining({ code: 'ERR_DEP_POLICY' }));
  });

  it('does not repeat a credential', () => {
    expect(() => parsePolicy({ registry: 'https://user:secret@registry.npmjs.org/' })).not.toThrow(/secret/);
  });
});

it('gives the same hash to the same policy in another order, and another to another', () => {
  const two = ['https://npm.example/', DEFAULT_REGISTRY];
  const hash = hashPolicy(parsePolicy({ allowedRegistries: two }));
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(hashPolicy(parsePolicy({ allowedRegistries: [...two].reverse() }))).toBe(hash);
  expect(hashPolicy(parsePolicy())).not.toBe(hash);
});
