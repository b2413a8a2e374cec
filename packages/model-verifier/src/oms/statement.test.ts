import { describe, expect, it } from 'vitest';
import { resourcesOf, sha256, statementOf, type Predicate } from './__fixtures__/signed-model.ts';
import { parseStatement, type OmsStatement } from './statement.ts';

const LENIENT = { strict: false, legacy: false };
const parse = (statement: object | string, rules = LENIENT): OmsStatement =>
  parseStatement(Buffer.from(typeof statement === 'string' ? statement : JSON.stringify(statement)), rules);
const refused = (statement: object | string, code = 'ERR_MODEL_STATEMENT', rules = LENIENT): void => {
  expect(() => parse(statement, rules)).toThrow(expect.objectContaining({ code }) as Error);
};
const shards = (...names: readonly string[]): object =>
  statementOf(resourcesOf(...names), { method: 'shards', shard_size: 8 });

it('parses a sound statement', () => {
  const { manifest, files } = parse(statementOf(resourcesOf('a', 'b/c'), { ignore_paths: ['x'] }));
  expect(manifest).toMatchObject({ name: 'model', serialization: { method: 'files', ignorePaths: ['x'] } });
  expect(files.map(({ path }) => path)).toEqual(['a', 'b/c']);
});

it('puts shards together, in any order', () => {
  const { files } = parse(shards('w:8:11', 'v:0:8', 'w:0:8'));
  expect(files).toMatchObject([
    { path: 'w', bytes: 11, resources: [{ name: 'w:0:8' }, { name: 'w:8:11' }] },
    { path: 'v', bytes: 8 },
  ]);
});

it('reads the last two numbers of a shard as its range, so that a path may have colons', () => {
  expect(parse(shards('a:1:2:0:8')).files).toMatchObject([{ path: 'a:1:2', bytes: 8 }]);
});

it('accepts what the reference implementation calls the hash of a shard', () => {
  const resources = resourcesOf('w:0:8').map((one) => ({ ...one, algorithm: 'sha256-sharded-8' }));
  const statement = statementOf(resources, { method: 'shards', shard_size: 8 });
  expect(parse(statement).files).toHaveLength(1);
  refused(statement, 'ERR_MODEL_STATEMENT', { strict: true, legacy: false });
});

it('accepts a shard size with a decimal point, as Python writes it', () => {
  const text = JSON.stringify(shards('w:0:8')).replace('"shard_size":8', '"shard_size":8.0');
  expect(parse(text).manifest.serialization.shardSize).toBe(8);
});

it('ignores fields that it does not know, except where they would change what is covered', () => {
  const resources = resourcesOf('a').map((one) => ({ ...one, uri: 'x' }));
  expect(parse({ ...statementOf(resources), more: 1 }).files).toHaveLength(1);
  refused(statementOf(resources, { skip: ['a'] }));
  refused({ ...statementOf(resources), more: 1 }, 'ERR_MODEL_STATEMENT', { strict: true, legacy: false });
});

it.each(['abc', 'a', '0'.repeat(63), '0'.repeat(65)])('refuses %j as a digest, by its code', (digest) => {
  const resources = resourcesOf('a').map((one) => ({ ...one, digest }));
  const sound = statementOf(resourcesOf('a'));
  refused({ ...sound, predicate: { ...(sound['predicate'] as Predicate), resources } });
});

describe('a name', () => {
  it.each(['a', 'a b', '.hidden', '..a', 'a..', 'ä/ü', 'a\\b', '-', 'a'.repeat(255), 'a\nb'])(
    '%j is accepted',
    (name) => {
      expect(parse(statementOf(resourcesOf(name))).files).toMatchObject([{ path: name }]);
    },
  );
  it.each([
    '../a',
    'a/../b',
    'a/..',
    '..',
    '/a',
    '/',
    'a//b',
    'a/',
    './a',
    'a/./b',
    'a\0b',
    '\ud800',
    'a'.repeat(256),
    `${'a/'.repeat(2100)}a`,
  ])('%j is refused', (name) => {
    refused(statementOf(resourcesOf(name)), 'ERR_MODEL_PATH');
  });
  it('"." is accepted alone and refused beside another, and in strict mode', () => {
    expect(parse(statementOf(resourcesOf('.'))).files).toHaveLength(1);
    refused(statementOf(resourcesOf('.', 'a')));
    refused(statementOf(resourcesOf('.')), 'ERR_MODEL_STATEMENT', { strict: true, legacy: false });
  });
});

describe('refuses', () => {
  it.each<[string, object]>([
    [
      'another statement type',
      statementOf(resourcesOf('a'), {}, { _type: 'https://in-toto.io/Statement/v0.1' }),
    ],
    ['another predicate', statementOf(resourcesOf('a'), {}, { predicateType: 'https://example.com/v1.0' })],
    ['no subject', statementOf(resourcesOf('a'), {}, { subject: [] })],
    [
      'a root digest that does not fit',
      statementOf(resourcesOf('a'), {}, { subject: [{ name: 'm', digest: { sha256: sha256('x') } }] }),
    ],
    [
      'a root digest of another hash',
      statementOf(resourcesOf('a'), {}, { subject: [{ name: 'm', digest: { sha512: 'ab' } }] }),
    ],
    ['no resource', statementOf([])],
    ['no serialization', statementOf(resourcesOf('a'), {}, { predicate: { resources: resourcesOf('a') } })],
    ['a resource listed twice', statementOf(resourcesOf('a', 'a'))],
    ['a file that is a folder too', statementOf(resourcesOf('a/b/c', 'a'))],
    [
      'a hash unlike the rest',
      statementOf(
        resourcesOf('a').map((one): Predicate['resources'][number] => ({ ...one, algorithm: 'sha1' })),
      ),
    ],
    ['a digest of another length', statementOf([{ name: 'a', digest: 'ab', algorithm: 'sha256' }])],
    [
      'a digest in capitals',
      statementOf([{ name: 'a', digest: sha256('a').toUpperCase(), algorithm: 'sha256' }]),
    ],
    ['an unknown hash', statementOf(resourcesOf('a'), { hash_type: 'md5' })],
    ['an unknown method', statementOf(resourcesOf('a'), { method: 'tensors' })],
    ['links neither allowed nor forbidden', statementOf(resourcesOf('a'), { allow_symlinks: 'false' })],
    ['a shard size for files', statementOf(resourcesOf('a'), { shard_size: 8 })],
    ['shards without a size', statementOf(resourcesOf('w:0:8'), { method: 'shards' })],
    ['a shard size of 0', statementOf(resourcesOf('w:0:8'), { method: 'shards', shard_size: 0 })],
    ['a shard size of 8.5', statementOf(resourcesOf('w:0:8'), { method: 'shards', shard_size: 8.5 })],
    ['a shard without a range', shards('w')],
    ['a negative shard', shards('w:-8:0')],
    ['an empty shard', shards('w:0:8', 'w:8:8')],
    ['a shard that ends before it starts', shards('w:8:0')],
    ['shards that overlap', shards('w:0:8', 'w:4:12')],
    ['shards with a gap', shards('w:0:8', 'w:16:24')],
    ['a file that starts late', shards('w:8:16')],
    ['a shard listed twice', shards('w:0:8', 'w:0:8')],
    ['a short shard before the last', shards('w:0:4', 'w:4:12')],
    ['a shard longer than the size', shards('w:0:9')],
    ['a number with a leading zero', shards('w:00:8')],
    ['a number past what is exact', shards('w:0:99999999999999999999')],
  ])('%s', (_, statement) => {
    refused(statement);
  });

  it('a key given twice', () => {
    refused(JSON.stringify(statementOf(resourcesOf('a'))).replace('"method"', '"method":"shards","method"'));
  });
  it('more than 250,000 resources', () => {
    const one = resourcesOf('a')[0]!;
    refused(statementOf(Array.from({ length: 250_001 }, (_, index) => ({ ...one, name: `${index}` }))));
  });
});

describe('in strict mode', () => {
  const strict = { strict: true, legacy: false };
  it('takes resources by code point, not by UTF-16 unit', () => {
    // U+FF5E comes before U+1F600, whose first unit is D83D.
    expect(parse(statementOf(resourcesOf('\uff5e', '\u{1f600}')), strict).files).toHaveLength(2);
    refused(statementOf(resourcesOf('\u{1f600}', '\uff5e')), 'ERR_MODEL_STATEMENT', strict);
  });
  it('refuses names that differ only in case, which otherwise are two names', () => {
    expect(parse(statementOf(resourcesOf('A', 'a'))).files).toHaveLength(2);
    refused(statementOf(resourcesOf('A', 'a')), 'ERR_MODEL_STATEMENT', strict);
  });
  it.each(['*', '/a', '../a', 'a/', ''])('refuses the ignored path %o', (path) => {
    expect(parse(statementOf(resourcesOf('a'), { ignore_paths: [path] })).files).toHaveLength(1);
    refused(statementOf(resourcesOf('a'), { ignore_paths: [path] }), 'ERR_MODEL_STATEMENT', strict);
  });
});

describe('version 0.2', () => {
  const legacy = { strict: false, legacy: true };
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: 'https://model_signing/Digests/v0.1',
    subject: [{ name: 'a', digest: { sha256: sha256('a') } }],
  };
  it('is refused unless it was asked for', () => {
    refused(statement, 'ERR_MODEL_UNSUPPORTED');
    expect(parse(statement, legacy)).toMatchObject({ legacy: true, files: [{ path: 'a' }] });
  });
  it('has SHA-256 and sound names too', () => {
    refused(
      { ...statement, subject: [{ name: 'a', digest: { sha1: 'ab' } }] },
      'ERR_MODEL_STATEMENT',
      legacy,
    );
    refused(
      { ...statement, subject: [{ name: '../a', digest: { sha256: sha256('a') } }] },
      'ERR_MODEL_PATH',
      legacy,
    );
    refused({ ...statement, subject: [] }, 'ERR_MODEL_STATEMENT', legacy);
  });
});
