// Manifests that a signer could have meant otherwise than they are read.
import { describe, expect, it } from 'vitest';
import { resourcesOf, sha256, statementOf, type Predicate } from './__fixtures__/signed-model.ts';
import { parseStatement } from './statement.ts';

type Rules = Parameters<typeof parseStatement>[1];
const LENIENT = { strict: false, legacy: false };
const STRICT = { strict: true, legacy: false };
const outcome = (statement: object | string | Buffer, rules: Rules = LENIENT): string => {
  const isText = typeof statement === 'string' || Buffer.isBuffer(statement);
  try {
    return `${parseStatement(Buffer.from(isText ? statement : JSON.stringify(statement)), rules).files.length} files`;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};
const REFUSED = 'ERR_MODEL_STATEMENT';

const a = { name: 'a', digest: sha256('a'), algorithm: 'sha256' };
const sound = statementOf([a]);
const text = JSON.stringify(sound);
const digested = (digest: string, algorithm: string, hash_type: string, more: object = {}): object =>
  statementOf([{ name: 'a', digest, algorithm }], { hash_type, ...more });
const subjects = (...list: readonly unknown[]): object => ({ ...sound, subject: list });
const root = (sound['subject'] as readonly { readonly digest: { readonly sha256: string } }[])[0]!.digest
  .sha256;
const sharded = (size: unknown, ...names: readonly string[]): object =>
  statementOf(resourcesOf(...names), { method: 'shards', shard_size: size });
const X = { 64: 'ab'.repeat(32), 128: 'ab'.repeat(64), 40: 'ab'.repeat(20), 32: 'ab'.repeat(16) } as const;

describe('the digest of a resource', () => {
  it.each<[string, object, string, string]>([
    ['SHA-256 as declared', digested(X[64], 'sha256', 'sha256'), '1 files', '1 files'],
    ['BLAKE3 as declared', digested(X[64], 'blake3', 'blake3'), '1 files', '1 files'],
    ['BLAKE2b as declared', digested(X[128], 'blake2b', 'blake2b'), '1 files', '1 files'],
    ['SHA-256 where BLAKE3 is declared', digested(X[64], 'sha256', 'blake3'), REFUSED, REFUSED],
    ['BLAKE3 where SHA-256 is declared', digested(X[64], 'blake3', 'sha256'), REFUSED, REFUSED],
    ['BLAKE2b, but of 256 bits', digested(X[64], 'blake2b', 'blake2b'), REFUSED, REFUSED],
    ['SHA-256, but of 512 bits', digested(X[128], 'sha256', 'sha256'), REFUSED, REFUSED],
    ['SHA-256, but as long as SHA-1', digested(X[40], 'sha256', 'sha256'), REFUSED, REFUSED],
    ['SHA-1', digested(X[40], 'sha1', 'sha1'), REFUSED, REFUSED],
    ['MD5', digested(X[32], 'md5', 'md5'), REFUSED, REFUSED],
    ['SHA-512', digested(X[128], 'sha512', 'sha512'), REFUSED, REFUSED],
    ['SHA-256 in capitals', digested(X[64], 'SHA256', 'sha256'), REFUSED, REFUSED],
    ['SHA-256 with a dash', digested(X[64], 'sha-256', 'sha256'), REFUSED, REFUSED],
    ['a name from the prototype of objects', digested(X[64], 'constructor', 'constructor'), REFUSED, REFUSED],
    ['of a shard, for a whole file', digested(X[64], 'sha256-sharded-8', 'sha256'), REFUSED, REFUSED],
    ['with a line break behind it', digested(`${X[64].slice(1)}\n`, 'sha256', 'sha256'), REFUSED, REFUSED],
    ['with 0x before it', digested(`0x${X[64].slice(2)}`, 'sha256', 'sha256'), REFUSED, REFUSED],
  ])('%s', (_, statement, lenient, strict) => {
    expect([outcome(statement), outcome(statement, STRICT)]).toEqual([lenient, strict]);
  }); // prettier-ignore
  it('of a shard may say its own size, not another', () => {
    const named = (size: number): object => {
      const [shard] = resourcesOf('a:0:8');
      const resources = [{ ...shard!, algorithm: `sha256-sharded-${size}` }];
      return statementOf(resources, { method: 'shards', shard_size: 8 });
    };
    expect([outcome(named(8)), outcome(named(16)), outcome(named(8), STRICT)]).toEqual([
      '1 files',
      REFUSED,
      REFUSED,
    ]);
  });
  it('of one resource cannot be unlike that of the rest', () => {
    const odd: Predicate['resources'] = [a, { name: 'b', digest: X[64], algorithm: 'blake3' }];
    expect(outcome(statementOf(odd))).toBe(REFUSED);
  });
});

describe('a statement', () => {
  const is = { name: 'model', digest: { sha256: root } };
  it.each<[string, object, string]>([
    ['with a further digest of its subject', subjects({ ...is, digest: { sha256: root, sha512: 'ab' } }), '1 files'],
    ['with a further field of its subject', subjects({ ...is, uri: 'x' }), '1 files'],
    ['with the subject twice', subjects(is, is), REFUSED],
    ['with a second subject', subjects(is, { name: 'other', digest: { sha256: sha256('x') } }), REFUSED],
    ['with a second subject before it', subjects({ name: 'other', digest: { sha256: sha256('x') } }, is), REFUSED],
    ['with a subject that is no list', { ...sound, subject: is }, REFUSED],
    ['with a subject in a list of its own', subjects([is]), REFUSED],
    ['with the root digest in capitals', subjects({ ...is, digest: { sha256: root.toUpperCase() } }), REFUSED],
    ['with the root digest under another name', subjects({ ...is, digest: { SHA256: root } }), REFUSED],
    ['with half the root digest', subjects({ ...is, digest: { sha256: root.slice(0, 32) } }), REFUSED],
    ['with an empty root digest', subjects({ ...is, digest: { sha256: '' } }), REFUSED],
    ['whose root digest is in a list', subjects({ ...is, digest: { sha256: [root] } }), REFUSED],
    ['whose root digest is that of the names', subjects({ ...is, digest: { sha256: sha256('a') } }), REFUSED],
    ['whose root digest is over digests as text', subjects({ ...is, digest: { sha256: sha256(a.digest) } }), REFUSED],
    ['of resources in another order than the root digest', { ...statementOf(resourcesOf('a', 'b')), subject: statementOf(resourcesOf('b', 'a'))['subject'] }, REFUSED],
    ['with a resource added', { ...sound, predicate: statementOf(resourcesOf('a', 'b'))['predicate'] }, REFUSED],
    ['with a slash behind its predicate type', { ...sound, predicateType: 'https://model_signing/signature/v1.0/' }, REFUSED],
    ['with another case in its predicate type', { ...sound, predicateType: 'https://MODEL_SIGNING/signature/v1.0' }, REFUSED],
    ['with its predicate type in a list', { ...sound, predicateType: ['https://model_signing/signature/v1.0'] }, REFUSED],
    ['of a later version', { ...sound, predicateType: 'https://model_signing/signature/v1.1' }, REFUSED],
    ['of SLSA provenance', { ...sound, predicateType: 'https://slsa.dev/provenance/v1' }, REFUSED],
    ['that calls itself version 0.2', { ...sound, predicateType: 'https://model_signing/Digests/v0.1' }, 'ERR_MODEL_UNSUPPORTED'],
    ['of an earlier in-toto', { ...sound, _type: 'https://in-toto.io/Statement/v0.1' }, REFUSED],
    ['with its predicate as text', { ...sound, predicate: JSON.stringify(sound['predicate']) }, REFUSED],
    ['with its resources by name', { ...sound, predicate: { ...(sound['predicate'] as object), resources: { a } } }, REFUSED],
    ['with a name that is a number', statementOf([{ ...a, name: 1 as never }]), REFUSED],
    ['with an empty name', statementOf([{ ...a, name: '' }]), REFUSED],
    ['that is a list', [sound], REFUSED],
    ['that is nothing', Buffer.from('null'), REFUSED],
  ])('%s', (_, statement, expected) => {
    expect(outcome(statement)).toBe(expected);
  }); // prettier-ignore
  it.each<[string, string | Buffer]>([
    ['no number', text.replace('"sha256"', 'NaN')],
    ['a number without end', text.replace('"sha256"', 'Infinity')],
    ['apostrophes', text.replaceAll('"', "'")],
    ['a comment', text.replace('{', '{/* */')],
    ['a comma at the end', text.replace(/\}$/, ',}')],
    ['something behind it', `${text}{}`],
    ['a NUL behind it', `${text}\0`],
    ['a key given twice', text.replace('"_type"', '"predicate":{},"_type"')],
    ['a key given twice, once escaped', text.replace('"_type"', '"predic\\u0061te":{},"_type"')],
    ['a key given twice in a resource', text.replace('"name":"a"', '"name":"a","name":"b"')],
    ['a prototype', text.replace('"_type"', '"__proto__":{},"_type"')],
    ['17 levels', text.replace('"_type"', `"x":${'['.repeat(17)}${']'.repeat(17)},"_type"`)],
    ['a hundred thousand levels', text.replace('"_type"', `"x":${'['.repeat(1e5)}${']'.repeat(1e5)},"_type"`)],
    ['two million values', text.replace('"_type"', `"x":[${'0,'.repeat(2e6)}0],"_type"`)],
    ['bytes that are not UTF-8', Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"x":"\xff"}', 'latin1')])],
    ['UTF-16', Buffer.from(text, 'utf16le')],
  ])('as JSON with %s', (_, statement) => {
    expect(outcome(statement)).toBe(REFUSED);
  }); // prettier-ignore
  it('may be spaced and escaped as JSON likes', () => {
    expect(outcome(JSON.stringify(sound, null, 2))).toBe('1 files');
    expect(outcome(text.replace('"name":"a"', '"name":"\\u0061"'))).toBe('1 files');
    expect(outcome(`\n${text}\n`)).toBe('1 files');
  });
});

describe('shards', () => {
  const LAST = Number.MAX_SAFE_INTEGER;
  it.each<[string, object, string]>([
    ['of a thousand bytes written otherwise', JSON.parse(JSON.stringify(sharded(8, 'a:0:8')).replace('"shard_size":8', '"shard_size":8e0')) as object, '1 files'],
    ['of the most that can be counted', sharded(LAST, `a:0:${LAST}`), '1 files'],
    ['of one byte more', sharded(LAST, `a:0:${2 ** 53}`), REFUSED],
    ['past what can be counted', sharded(2 ** 53, 'a:0:8'), REFUSED],
    ['of 1e308 bytes', sharded(1e308, 'a:0:8'), REFUSED],
    ['of less than nothing', sharded(-8, 'a:0:8'), REFUSED],
    ['of eight bytes as text', sharded('8', 'a:0:8'), REFUSED],
    ['of eight bytes and a little', sharded(8.5, 'a:0:8'), REFUSED],
    ['of two files, woven', sharded(8, 'a:0:8', 'b:0:8', 'a:8:9', 'b:8:16'), '2 files'],
    ['that overlap by one byte', sharded(8, 'a:0:8', 'a:7:15'), REFUSED],
    ['with one byte between them', sharded(8, 'a:0:8', 'a:9:16'), REFUSED],
    ['one of them twice, of two digests', sharded(8, 'a:0:8', 'a:0:7'), REFUSED],
    ['with signs', sharded(8, 'a:+0:8'), REFUSED],
    ['in hexadecimal', sharded(16, 'a:0x0:0x8'), REFUSED],
    ['in digits of another script', sharded(8, 'a:0:\u0668'), REFUSED],
    ['with spaces', sharded(8, 'a:0: 8'), REFUSED],
    ['of no path', sharded(8, ':0:8'), REFUSED],
    ['of a path that leads out', sharded(8, '../a:0:8'), 'ERR_MODEL_PATH'],
    ['of a file and of a folder', sharded(8, 'a:0:8', 'a/b:0:8'), REFUSED],
  ])('%s', (_, statement, expected) => {
    expect(outcome(statement)).toBe(expected);
  }); // prettier-ignore
});

it('may list two names that look alike, and not in strict mode', () => {
  const both = statementOf(resourcesOf('cafe\u0301', 'caf\u00e9'));
  expect([outcome(both), outcome(both, STRICT)]).toEqual(['2 files', REFUSED]);
});
