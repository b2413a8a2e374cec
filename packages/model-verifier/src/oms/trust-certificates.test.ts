import { describe, expect, it } from 'vitest';
import {
  basicConstraints,
  CODE_SIGNING,
  extendedKeyUsage,
  keyUsage,
  makeCertificate,
  makeKeys,
  SERVER_AUTH,
  type CertificateRequest,
  type Extension,
} from './__fixtures__/certificate-authority.ts';
import { bundleOf, resourcesOf, statementOf } from './__fixtures__/signed-model.ts';
import { trustCertificates } from './trust-certificates.ts';
import { verifyBundle, type VerifiedBundle } from './verify-bundle.ts';

const DAY = 86_400_000;
const now = new Date();
const days = (count: number): Date => new Date(now.getTime() + count * DAY);
const CA = [basicConstraints(true), keyUsage(5)];
const LEAF = [basicConstraints(false), keyUsage(0), extendedKeyUsage(CODE_SIGNING)];

const root = { subject: 'root', keys: makeKeys() };
const middle = { subject: 'middle', keys: makeKeys('P-384') };
const leaf = { subject: 'leaf', keys: makeKeys('P-384') };

type Changes = Partial<Omit<CertificateRequest, 'keys'>>;
const rootOf = (changes: Changes = {}): Buffer => makeCertificate({ ...root, extensions: CA, ...changes });
const middleOf = (changes: Changes = {}): Buffer =>
  makeCertificate({ ...middle, issuer: root, extensions: CA, ...changes });
const leafOf = (changes: Changes = {}): Buffer =>
  makeCertificate({ ...leaf, issuer: middle, extensions: LEAF, ...changes });

const payload = statementOf(resourcesOf('a'));
const chainOf = (...certificates: readonly Buffer[]): Buffer =>
  bundleOf(
    payload,
    [leaf.keys.privateKey],
    {},
    {
      x509CertificateChain: {
        certificates: certificates.map((one) => ({ rawBytes: one.toString('base64') })),
      },
    },
  );
const verify = async (
  chain: readonly Buffer[],
  roots: readonly Buffer[] = [rootOf()],
  at: Date = now,
): Promise<VerifiedBundle> => verifyBundle(chainOf(...chain), { trust: trustCertificates(roots), at });
const refused = async (verified: Promise<unknown>, found: RegExp): Promise<void> => {
  await expect(verified).rejects.toMatchObject({
    code: 'ERR_MODEL_CERTIFICATE',
    found: expect.stringMatching(found) as string,
  });
};
const without = (oid: string, ...more: readonly Extension[]): Extension[] => [
  ...LEAF.filter((extension) => extension.oid !== oid),
  ...more,
];

describe('accepts', () => {
  it('a leaf, an intermediate and a root', async () => {
    const { signers } = await verify([leafOf(), middleOf()]);
    expect(signers).toMatchObject([{ method: 'certificate', identity: 'CN=leaf' }]);
    expect(signers[0]?.fingerprints).toHaveLength(3);
  });
  it('a chain in any order after the leaf, with strangers in it', async () => {
    const stranger = makeCertificate({ subject: 'stranger', keys: makeKeys(), extensions: CA });
    expect((await verify([leafOf(), rootOf(), stranger, middleOf()])).signers).toHaveLength(1);
  });
  it('an intermediate that the operator has and the bundle has not', async () => {
    expect((await verify([leafOf()], [middleOf(), rootOf()])).signers).toHaveLength(1);
  });
  it('a leaf that is a CA by its own word and has the name of its issuer', async () => {
    const extensions = [basicConstraints(true), keyUsage(0), extendedKeyUsage(CODE_SIGNING)];
    const odd = makeCertificate({ subject: 'middle', keys: leaf.keys, issuer: middle, extensions });
    expect((await verify([odd, middleOf()])).signers).toHaveLength(1);
  });
  it('a self-signed leaf that is trusted itself', async () => {
    const own = makeCertificate({ ...leaf, extensions: LEAF });
    expect((await verify([own], [own])).signers).toHaveLength(1);
  });
  it('the second of two intermediates with one name', async () => {
    const twin = makeCertificate({ ...middle, issuer: root, extensions: CA, to: days(-0.5) });
    expect((await verify([leafOf(), twin, middleOf()])).signers).toHaveLength(1);
    expect((await verify([leafOf(), middleOf(), twin])).signers).toHaveLength(1);
  });
  it('roots as PEM, several in one text', async () => {
    const pem = [middleOf(), rootOf()]
      .map((one) => `-----BEGIN CERTIFICATE-----\n${one.toString('base64')}\n-----END CERTIFICATE-----\n`)
      .join('some words between\n');
    const trust = trustCertificates([pem]);
    expect((await verifyBundle(chainOf(leafOf()), { trust })).signers).toHaveLength(1);
  });
  it('an extension that it does not know and that is not critical', async () => {
    const extensions = [...LEAF, { oid: '1.2.3.4', value: Buffer.of(5, 0) }];
    expect((await verify([leafOf({ extensions }), middleOf()])).signers).toHaveLength(1);
  });
  it('as many intermediates as the root allows, not counting those with the name of their issuer', async () => {
    const tight = rootOf({ extensions: [basicConstraints(true, 1), keyUsage(5)] });
    expect((await verify([leafOf(), middleOf()], [tight])).signers).toHaveLength(1);
  });
});

describe('refuses', () => {
  it('a leaf before its time and after it', async () => {
    const chain = [leafOf({ from: days(-2), to: days(2) }), middleOf({ from: days(-9), to: days(9) })];
    const roots = [rootOf({ from: days(-9), to: days(9) })];
    await verify(chain, roots, days(1.9));
    await verify(chain, roots, days(-1.9));
    await refused(verify(chain, roots, days(2.1)), /^expired/);
    await refused(verify(chain, roots, days(-2.1)), /^not yet valid/);
  });
  it('an intermediate that has expired while the leaf has not', async () => {
    await refused(verify([leafOf(), middleOf({ from: days(-9), to: days(-8) })]), /^expired/);
  });
  it('a root that has expired while the others have not', async () => {
    await refused(verify([leafOf(), middleOf()], [rootOf({ from: days(-9), to: days(-8) })]), /^expired/);
  });
  it('a chain that had all expired together, whatever its own dates say of each other', async () => {
    const past = { from: days(-9), to: days(-8) };
    await refused(verify([leafOf(past), middleOf(past)], [rootOf(past)]), /^expired/);
  });
  it('an intermediate that is no CA', async () => {
    await refused(
      verify([leafOf(), middleOf({ extensions: [basicConstraints(false), keyUsage(5)] })]),
      /^no CA/,
    );
    await refused(verify([leafOf(), middleOf({ extensions: [keyUsage(5)] })]), /^no CA/);
  });
  it('an intermediate that may not sign certificates', async () => {
    await refused(verify([leafOf(), middleOf({ extensions: [basicConstraints(true), keyUsage(0)] })]), /./);
  });
  it('an intermediate that is for servers only', async () => {
    const extensions = [...CA, extendedKeyUsage(SERVER_AUTH)];
    await refused(verify([leafOf(), middleOf({ extensions })]), /^extended key usage/);
  });
  it('one intermediate more than the root allows', async () => {
    const tight = rootOf({ extensions: [basicConstraints(true, 0), keyUsage(5)] });
    await refused(verify([leafOf(), middleOf()], [tight]), /^path length/);
  });
  it('a leaf that is not for code signing', async () => {
    await refused(verify([leafOf({ extensions: without('2.5.29.37') }), middleOf()]), /^extended key usage/);
    const server = without('2.5.29.37', extendedKeyUsage(SERVER_AUTH));
    await refused(verify([leafOf({ extensions: server }), middleOf()]), /^extended key usage/);
  });
  it('a leaf that is not for digital signatures', async () => {
    await refused(
      verify([leafOf({ extensions: without('2.5.29.15', keyUsage(5)) }), middleOf()]),
      /^key usage/,
    );
  });
  it.each(['1.2.3.4', '2.5.29.30', '2.5.29.36'])(
    'a critical extension that it does not check: %s',
    async (oid) => {
      const extensions = [...CA, { oid, critical: true, value: Buffer.of(0x30, 0) }];
      await refused(verify([leafOf(), middleOf({ extensions })]), /^critical extension/);
    },
  );
  it('name constraints, which are not checked here, though they are not critical', async () => {
    const extensions = [...CA, { oid: '2.5.29.30', value: Buffer.of(0x30, 0) }];
    await refused(verify([leafOf(), middleOf({ extensions })]), /^critical extension/);
  });
  it('a certificate signed with SHA-1', async () => {
    await refused(verify([leafOf(), middleOf({ algorithm: 'ecdsa-sha1' })]), /^weak signature/);
  });
  it('another root, also one of the same name', async () => {
    const other = makeCertificate({ subject: 'root', keys: makeKeys(), extensions: CA });
    await refused(verify([leafOf(), middleOf()], [other]), /^no trusted root/);
  });
  it('a root that only the bundle has', async () => {
    const other = makeCertificate({ subject: 'other', keys: makeKeys(), extensions: CA });
    await refused(verify([leafOf(), middleOf(), rootOf()], [other]), /^no trusted root/);
  });
  it('a leaf whose issuer is missing', async () => {
    await refused(verify([leafOf()]), /^no trusted root/);
  });
  it('a leaf that says it was issued by the root and was not', async () => {
    const forged = makeCertificate({
      ...leaf,
      issuer: { subject: 'root', keys: makeKeys() },
      extensions: LEAF,
    });
    await refused(verify([forged]), /^no trusted root/);
  });
  it('two intermediates that issue each other, without end', async () => {
    const other = { subject: 'other', keys: makeKeys() };
    const a = makeCertificate({ ...middle, issuer: other, extensions: CA });
    const b = makeCertificate({ ...other, issuer: middle, extensions: CA });
    await refused(verify([leafOf(), a, b]), /^no trusted root/);
  });
  it('a thicket of look-alikes, after a bounded number of tries', async () => {
    const alike = { subject: 'middle', keys: middle.keys };
    const thicket = Array.from({ length: 15 }, (_, index) =>
      makeCertificate({ ...alike, extensions: CA, from: days(-index - 1) }),
    );
    await refused(verify([leafOf(), ...thicket]), /^(?:too many|no trusted root)/);
  });
  it('a leaf whose key is on no curve of the format', async () => {
    const keys = makeKeys('secp256k1');
    const odd = makeCertificate({ subject: 'leaf', keys, issuer: middle, extensions: LEAF });
    await expect(verify([odd, middleOf()])).rejects.toMatchObject({ code: 'ERR_MODEL_CERTIFICATE' });
  });
  it('bytes that are no certificate', async () => {
    await expect(verify([Buffer.from('no')])).rejects.toMatchObject({ code: 'ERR_MODEL_CERTIFICATE' });
  });
  it('a signature that another key made', async () => {
    const other = makeCertificate({
      subject: 'leaf',
      keys: makeKeys('P-384'),
      issuer: middle,
      extensions: LEAF,
    });
    await expect(verify([other, middleOf()])).rejects.toMatchObject({ code: 'ERR_MODEL_SIGNATURE' });
  });
});

describe('as trust', () => {
  it('needs a self-signed certificate', () => {
    const trust = () => trustCertificates([middleOf()]);
    expect(trust).toThrow(expect.objectContaining({ code: 'ERR_MODEL_KEY' }) as Error);
  });
  it.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['a key', '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----'],
  ])('refuses %s', (_, source) => {
    expect(() => trustCertificates([source])).toThrow(
      expect.objectContaining({ code: 'ERR_MODEL_KEY' }) as Error,
    );
  });
});
