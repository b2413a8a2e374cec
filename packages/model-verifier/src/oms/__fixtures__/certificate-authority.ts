// Certificates of any shape, sound or not, made in the test: DER written by hand, signed by Node.js.
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

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
  readonly critical?: boolean;
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
  /** Default `sha256`. */
  readonly digest?: 'sha1' | 'sha256';
}

const OIDS = { sha1: '1.2.840.10045.4.1', sha256: '1.2.840.10045.4.3.2' } as const;

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
  const { subject, keys, issuer = { subject, keys }, extensions = [], digest = 'sha256' } = request;
  const { from = new Date(Date.now() - 86_400_000), to = new Date(Date.now() + 86_400_000) } = request;
  const algorithm = der(0x30, oidOf(OIDS[digest]));
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
  const signature = sign(digest, tbs, issuer.keys.privateKey);
  return der(0x30, tbs, algorithm, der(0x03, Buffer.concat([Buffer.of(0), signature])));
}

export function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

function oidOf(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((value) => {
    const digits = [value % 128];
    for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift((left % 128) | 0x80);
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
  return der(0x30, oidOf(oid), ...(critical ? [der(0x01, Buffer.of(0xff))] : []), der(0x04, value));
}
