// Certificates of any shape, sound or not, made in the test: DER written by hand, signed by Node.js.
import { constants, createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function makeKeys(namedCurve = 'P-256'): KeyPair {
  return generateKeyPairSync('ec', { namedCurve });
}

export const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

export interface Extension {
  readonly oid: string;
  /** Default: false. As bytes: the content of the flag, sound or not. */
  readonly critical?: boolean | Buffer;
  readonly value: Buffer;
}

export interface CertificateRequest {
  readonly subject: string;
  readonly keys: KeyPair;
  /** Default: self-signed. */
  readonly issuer?: { readonly subject: string; readonly keys: KeyPair };
  readonly from?: Date;
  readonly to?: Date;
  readonly extensions?: readonly Extension[];
  /** What its issuer signs with. Default `ecdsa-sha256`. */
  readonly algorithm?: Algorithm;
  /** What is written beside the signature, if that is not what it was made with. */
  readonly outerAlgorithm?: Algorithm;
}

export type Algorithm = keyof typeof ALGORITHMS;

const NULL = der(0x05);
const SHA256 = der(0x30, oidOf('2.16.840.1.101.3.4.2.1'), NULL);
const PSS = '1.2.840.113549.1.1.10';
const PSS_SHA256 = der(
  0x30,
  der(0xa0, SHA256),
  der(0xa1, der(0x30, oidOf('1.2.840.113549.1.1.8'), SHA256)),
  der(0xa2, der(0x02, Buffer.of(32))),
);
const padding = constants.RSA_PKCS1_PSS_PADDING;

/** AlgorithmIdentifiers, and how Node.js makes such a signature. */
const ALGORITHMS = {
  'ecdsa-sha1': { id: der(0x30, oidOf('1.2.840.10045.4.1')), digest: 'sha1', options: {} },
  'ecdsa-sha256': { id: der(0x30, oidOf('1.2.840.10045.4.3.2')), digest: 'sha256', options: {} },
  'ecdsa-sha512': { id: der(0x30, oidOf('1.2.840.10045.4.3.4')), digest: 'sha512', options: {} },
  'rsa-md5': { id: der(0x30, oidOf('1.2.840.113549.1.1.4'), NULL), digest: 'md5', options: {} },
  'rsa-sha256': { id: der(0x30, oidOf('1.2.840.113549.1.1.11'), NULL), digest: 'sha256', options: {} },
  // Without parameters RSASSA-PSS means SHA-1: RFC 4055, section 3.1.
  'pss-sha1': {
    id: der(0x30, oidOf(PSS), der(0x30)),
    digest: 'sha1',
    options: { padding, saltLength: 20 },
  },
  'pss-sha256': {
    id: der(0x30, oidOf(PSS), PSS_SHA256),
    digest: 'sha256',
    options: { padding, saltLength: 32 },
  },
  ed25519: { id: der(0x30, oidOf('1.3.101.112')), digest: undefined, options: {} },
} as const;

export function basicConstraints(isCa: boolean, pathLength?: number): Extension {
  const flag = isCa ? [der(0x01, Buffer.of(0xff))] : [];
  const length = pathLength === undefined ? [] : [der(0x02, Buffer.of(pathLength))];
  return { oid: '2.5.29.19', critical: true, value: der(0x30, ...flag, ...length) };
}

/** Bit 0 is digital signature, bit 5 certificate signing. */
export function keyUsage(...bits: readonly number[]): Extension {
  const byte = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0);
  return { oid: '2.5.29.15', critical: true, value: der(0x03, Buffer.of(0, byte)) };
}

export function extendedKeyUsage(...oids: readonly string[]): Extension {
  return { oid: '2.5.29.37', value: der(0x30, ...oids.map(oidOf)) };
}

/** Makes a certificate, version 3. DER. */
export function makeCertificate(request: CertificateRequest): Buffer {
  const { subject, keys, issuer = { subject, keys }, extensions = [] } = request;
  const { algorithm: signedWith = 'ecdsa-sha256', outerAlgorithm = signedWith } = request;
  const { from = new Date(Date.now() - 86_400_000), to = new Date(Date.now() + 86_400_000) } = request;
  const { id: algorithm, digest, options } = ALGORITHMS[signedWith];
  const serial = createHash('sha256').update(`${subject}${from.toISOString()}`).digest().subarray(0, 8);
  serial[0] = 1;
  const tbs = der(
    0x30,
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, serial),
    algorithm,
    nameOf(issuer.subject),
    der(0x30, timeOf(from), timeOf(to)),
    nameOf(subject),
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length === 0 ? [] : [der(0xa3, der(0x30, ...extensions.map(extensionOf)))]),
  );
  const signature = sign(digest, tbs, { key: issuer.keys.privateKey, ...options });
  return der(0x30, tbs, ALGORITHMS[outerAlgorithm].id, der(0x03, Buffer.concat([Buffer.of(0), signature])));
}

export function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const digits = [length >> 16, (length >> 8) & 0xff, length & 0xff];
  while (digits[0] === 0) digits.shift();
  const size = length < 0x80 ? [length] : [0x80 | digits.length, ...digits];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

function oidOf(text: string): Buffer {
  const [first = 0n, second = 0n, ...rest] = text.split('.').map(BigInt);
  const bytes = [first * 40n + second, ...rest].flatMap((value) => {
    const digits = [Number(value % 128n)];
    for (let left = value / 128n; left > 0n; left /= 128n) digits.unshift(Number(left % 128n) | 0x80);
    return digits;
  });
  return der(0x06, Buffer.from(bytes));
}

function nameOf(commonName: string): Buffer {
  return der(0x30, der(0x31, der(0x30, oidOf('2.5.4.3'), der(0x0c, Buffer.from(commonName)))));
}

function timeOf(date: Date): Buffer {
  return der(0x18, Buffer.from(`${date.toISOString().replaceAll(/[-:T]|\.\d+Z/g, '')}Z`));
}

function extensionOf({ oid, critical = false, value }: Extension): Buffer {
  const flag = critical === true ? Buffer.of(0xff) : critical;
  return der(0x30, oidOf(oid), ...(flag === false ? [] : [der(0x01, flag)]), der(0x04, value));
}
