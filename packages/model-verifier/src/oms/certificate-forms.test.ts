// Certificates of every shape that a path could be built from, each unsound one beside the sound one nearest to it.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  basicConstraints,
  CODE_SIGNING,
  der,
  extendedKeyUsage,
  keyUsage,
  makeCertificate,
  makeKeys,
  SERVER_AUTH,
  type CertificateRequest,
  type Extension,
  type KeyPair,
} from './__fixtures__/certificate-authority.ts';
import { bundleOf, resourcesOf, statementOf } from './__fixtures__/signed-model.ts';
import { trustCertificates } from './trust-certificates.ts';
import { verifyBundle } from './verify-bundle.ts';

const CA = [basicConstraints(true), keyUsage(5)];
const LEAF = [basicConstraints(false), keyUsage(0), extendedKeyUsage(CODE_SIGNING)];
const root = { subject: 'root', keys: makeKeys() };
const middle = { subject: 'middle', keys: makeKeys() };
const leaf = { subject: 'leaf', keys: makeKeys() };
const rsa = (modulusLength: number): KeyPair => generateKeyPairSync('rsa', { modulusLength });
const RSA_2048 = rsa(2048);
const ED25519: KeyPair = generateKeyPairSync('ed25519');

type Changes = Partial<Omit<CertificateRequest, 'subject'>>;
const rootOf = (changes: Changes = {}): Buffer => makeCertificate({ ...root, extensions: CA, ...changes });
const middleOf = (changes: Changes = {}): Buffer =>
  makeCertificate({ ...middle, issuer: root, extensions: CA, ...changes });
const leafOf = (changes: Changes = {}): Buffer =>
  makeCertificate({ ...leaf, issuer: middle, extensions: LEAF, ...changes });

const payload = statementOf(resourcesOf('a'));
const outcome = async (
  chain: readonly Buffer[],
  roots: readonly Buffer[] = [rootOf()],
): Promise<string | undefined> => {
  const certificates = chain.map((one) => ({ rawBytes: one.toString('base64') }));
  const bundle = bundleOf(payload, [leaf.keys.privateKey], {}, { x509CertificateChain: { certificates } });
  const error = await verifyBundle(bundle, { trust: trustCertificates(roots) }).then(
    () => undefined,
    (refusal: unknown) => refusal as { code: string; found?: string },
  );
  return error && `${error.code.replace('ERR_MODEL_', '')} ${error.found ?? ''}`.trim();
};

/** A leaf with these extensions instead. */
const withLeaf = (...extensions: readonly Extension[]) => outcome([leafOf({ extensions }), middleOf()]);
/** An intermediate with these extensions instead. */
const withMiddle = (...extensions: readonly Extension[]) => outcome([leafOf(), middleOf({ extensions })]);
/** An intermediate with another key, which signs the leaf in this way. */
const withIssuer = (keys: KeyPair, algorithm: CertificateRequest['algorithm'] = 'ecdsa-sha256') =>
  outcome([leafOf({ issuer: { subject: 'middle', keys }, algorithm }), middleOf({ keys })]);
/** So many intermediates, the longest path below each allowed to be so long. */
const tower = (height: number, pathLength?: number): Buffer[] => {
  const chain: Buffer[] = [];
  let issuer = root;
  for (let level = height; level > 0; level--) {
    const own = { subject: `level ${level}`, keys: makeKeys() };
    const extensions = [basicConstraints(true, pathLength), keyUsage(5)];
    chain.unshift(makeCertificate({ ...own, issuer, extensions }));
    issuer = own;
  }
  return [leafOf({ issuer }), ...chain];
};

const raw = (oid: string, value: Buffer, critical = false): Extension => ({ oid, critical, value });
const BC = '2.5.29.19';
const EKU = '2.5.29.37';

describe('a leaf', () => {
  it.each<[string, Promise<string | undefined>, string | undefined]>([
    ['for code signing among other things', withLeaf(extendedKeyUsage(SERVER_AUTH, CODE_SIGNING)), undefined],
    ['that says of key usage nothing', withLeaf(extendedKeyUsage(CODE_SIGNING)), undefined],
    ['for any use, which is not for code signing', withLeaf(extendedKeyUsage('2.5.29.37.0')), 'CERTIFICATE extended key usage'],
    ['with a use beside that of code signing', withLeaf(extendedKeyUsage(`${CODE_SIGNING}.1`)), 'CERTIFICATE extended key usage'],
    ['for no use at all', withLeaf(raw(EKU, der(0x30))), 'CERTIFICATE extended key usage'],
    ['that names its use as text', withLeaf(raw(EKU, der(0x30, der(0x0c, Buffer.from('2b06010505070303', 'hex'))))), 'CERTIFICATE'],
    ['that pads the name of its use', withLeaf(raw(EKU, der(0x30, der(0x06, Buffer.from('2b0601050507038003', 'hex'))))), 'CERTIFICATE'],
    ['that lists its use twice over', withLeaf(extendedKeyUsage(CODE_SIGNING), extendedKeyUsage(SERVER_AUTH)), 'CERTIFICATE'],
    ['with a use numbered past 64 bits beside it', withLeaf(extendedKeyUsage(CODE_SIGNING, `2.25.${2n ** 127n}`)), undefined],
    ['whose key usage has no bits', withLeaf(extendedKeyUsage(CODE_SIGNING), raw('2.5.29.15', der(0x03, Buffer.of(0)))), 'CERTIFICATE key usage'],
    ['that may only agree on keys', withLeaf(extendedKeyUsage(CODE_SIGNING), keyUsage(4)), 'CERTIFICATE key usage'],
    ['that is a CA too', withLeaf(basicConstraints(true), keyUsage(0, 5), extendedKeyUsage(CODE_SIGNING)), undefined],
    ['with an RSA key', outcome([leafOf({ keys: RSA_2048 }), middleOf()]), 'CERTIFICATE'],
    ['with an Ed25519 key', outcome([leafOf({ keys: ED25519 }), middleOf()]), 'CERTIFICATE'],
    ['that signs itself and is no root of ours', outcome([leafOf({ issuer: leaf })]), 'CERTIFICATE no trusted root'],
    ['that signs itself, given twice', outcome([leafOf({ issuer: leaf }), leafOf({ issuer: leaf })]), 'CERTIFICATE no trusted root'],
    ['in PEM', outcome([Buffer.from(`-----BEGIN CERTIFICATE-----\n${leafOf().toString('base64')}\n-----END CERTIFICATE-----\n`), middleOf()]), 'CERTIFICATE'],
    ['with a byte behind it', outcome([Buffer.concat([leafOf(), Buffer.of(0)]), middleOf()]), 'CERTIFICATE'],
    ['that is cut', outcome([leafOf().subarray(0, -1), middleOf()]), 'CERTIFICATE'],
    ['behind its issuer', outcome([middleOf(), leafOf()]), 'CERTIFICATE extended key usage'],
  ])('%s', async (_, found, expected) => {
    expect(await found).toBe(expected);
  }); // prettier-ignore
});

describe('an intermediate', () => {
  it.each<[string, Promise<string | undefined>, string | undefined]>([
    ['for code signing', withMiddle(...CA, extendedKeyUsage(CODE_SIGNING)), undefined],
    ['for any use', withMiddle(...CA, extendedKeyUsage('2.5.29.37.0')), undefined],
    ['that says of key usage nothing', withMiddle(basicConstraints(true)), undefined],
    ['that is a CA by a byte that is no TRUE', withMiddle(raw(BC, der(0x30, der(0x01, Buffer.of(1))), true)), 'CERTIFICATE no CA'],
    ['that is a CA by a number', withMiddle(raw(BC, der(0x30, der(0x02, Buffer.of(0xff))), true)), 'CERTIFICATE'],
    ['with a negative path length', withMiddle(raw(BC, der(0x30, der(0x01, Buffer.of(0xff)), der(0x02, Buffer.of(0x80))), true)), 'CERTIFICATE'],
    ['with basic constraints of no form', withMiddle(raw(BC, Buffer.from('CA:TRUE'), true)), 'CERTIFICATE'],
    ['with a critical flag that is no TRUE', withMiddle(...CA, { oid: '1.2.3', value: der(0x05), critical: Buffer.of(1) }), 'CERTIFICATE critical extension'],
    ['on P-521 with SHA-512', withIssuer(makeKeys('P-521'), 'ecdsa-sha512'), undefined],
    ['on a curve of 224 bits', withIssuer(makeKeys('secp224r1')), undefined],
    ['on a curve of 192 bits', withIssuer(makeKeys('prime192v1')), 'CERTIFICATE weak key'],
    ['on a curve of 112 bits', withIssuer(makeKeys('secp112r1')), 'CERTIFICATE weak key'],
    ['on a curve that does not say its size', withIssuer(makeKeys('wap-wsg-idm-ecid-wtls8')), 'CERTIFICATE weak key'],
    ['with an RSA key of 2048 bits', withIssuer(RSA_2048, 'rsa-sha256'), undefined],
    ['with an RSA key of 1024 bits', withIssuer(rsa(1024), 'rsa-sha256'), 'CERTIFICATE weak key'],
    ['that signs with RSA and MD5', withIssuer(RSA_2048, 'rsa-md5'), 'CERTIFICATE weak signature'],
    ['that signs with RSASSA-PSS and SHA-256', withIssuer(RSA_2048, 'pss-sha256'), undefined],
    ['that signs with RSASSA-PSS and, by leaving it out, SHA-1', withIssuer(RSA_2048, 'pss-sha1'), 'CERTIFICATE weak signature'],
    ['that signs with Ed25519', withIssuer(ED25519, 'ed25519'), undefined],
    [
      'that signed with SHA-1 and says so only inside',
      outcome([leafOf({ algorithm: 'ecdsa-sha1', outerAlgorithm: 'ecdsa-sha256' }), middleOf()]),
      'CERTIFICATE no trusted root',
    ],
    [
      'that signed with SHA-256 and says SHA-512 outside',
      outcome([leafOf({ outerAlgorithm: 'ecdsa-sha512' }), middleOf()]),
      'CERTIFICATE no trusted root',
    ],
    [
      'that has the name of the issuer and another key',
      outcome([leafOf(), middleOf({ keys: makeKeys() })]),
      'CERTIFICATE no trusted root',
    ],
    [
      'of another kind of key than signed',
      outcome([leafOf(), middleOf({ keys: RSA_2048 })]),
      'CERTIFICATE no trusted root',
    ],
  ])('%s', async (_, found, expected) => {
    expect(await found).toBe(expected);
  }); // prettier-ignore
});

describe('a path', () => {
  it('has eight intermediates at most', async () => {
    expect(await outcome(tower(8))).toBeUndefined();
    expect(await outcome(tower(9))).toBe('CERTIFICATE no trusted root');
  });
  it('is as long as each of its CAs allows', async () => {
    expect(await outcome(tower(3, 2))).toBeUndefined();
    expect(await outcome(tower(3, 1))).toMatch(/^CERTIFICATE path length/);
  });
  it('of a hundred certificates is refused before one is looked at, of sixteen it is searched', async () => {
    const stranger = makeCertificate({ subject: 'stranger', keys: makeKeys(), extensions: CA });
    const crowd = (count: number): Buffer[] => [leafOf(), middleOf(), ...Array<Buffer>(count - 2).fill(stranger)];
    expect(await outcome(crowd(16))).toBeUndefined();
    expect(await outcome(crowd(17))).toMatch(/^BUNDLE verificationMaterial.x509CertificateChain/);
    expect(await outcome(crowd(100))).toMatch(/^BUNDLE/);
  });
  it('through a loop of three ends, and with a way out of the loop is found', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((subject) => ({ subject, keys: makeKeys() })) as [typeof root, typeof root, typeof root];
    const loop = [
      makeCertificate({ ...a, issuer: b, extensions: CA }),
      makeCertificate({ ...b, issuer: c, extensions: CA }),
      makeCertificate({ ...c, issuer: a, extensions: CA }),
    ];
    const end = leafOf({ issuer: a });
    expect(await outcome([end, ...loop])).toBe('CERTIFICATE no trusted root');
    const exit = makeCertificate({ ...c, issuer: root, extensions: CA });
    expect(await outcome([end, ...loop, exit])).toBeUndefined();
  });
  it('ends at a root that the operator gave, not at one of its name and key in the bundle', async () => {
    const older = rootOf({ to: new Date(Date.now() - 1000) });
    expect(await outcome([leafOf(), middleOf(), rootOf()], [older])).toMatch(/^CERTIFICATE expired/);
    expect(await outcome([leafOf(), middleOf(), older], [rootOf()])).toBeUndefined();
  });
}); // prettier-ignore

describe('a certificate', () => {
  const filler = (bytes: number): Extension => raw('1.2.3.4', Buffer.alloc(bytes));
  it('of some ten kilobytes is read, of more than 64 KiB it is not', async () => {
    expect(await withLeaf(...LEAF, filler(65_000))).toBeUndefined();
    expect(await withLeaf(...LEAF, filler(65_536))).toBe('CERTIFICATE');
    expect(await withMiddle(...CA, filler(65_536))).toBe('CERTIFICATE');
  });
  it('that nobody asked for counts as well', async () => {
    const stranger = makeCertificate({ subject: 'stranger', keys: makeKeys(), extensions: [filler(65_536)] });
    expect(await outcome([leafOf(), middleOf(), stranger])).toBe('CERTIFICATE');
  });
  it('has no number of tens of kilobytes in a name', async () => {
    const arc = Buffer.concat([Buffer.alloc(40_000, 0xff), Buffer.of(1)]);
    const uses = der(0x30, der(0x06, Buffer.from('2b06010505070303', 'hex')), der(0x06, arc));
    expect(await withLeaf(keyUsage(0), raw(EKU, uses))).toBe('CERTIFICATE');
  });
});
