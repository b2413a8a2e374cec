import { X509Certificate } from 'node:crypto';
import { ModelError } from '../errors.ts';
import { DER, readDer, readOid, readOne } from './der.ts';

/** A certificate, and the extensions that Node.js does not tell of. */
export interface Certificate {
  readonly x509: X509Certificate;
  /** From basic constraints; `false` without them. */
  readonly isCa: boolean;
  /** How many intermediates that are not self-issued may stand below it; `undefined` is no limit. */
  readonly pathLength: number | undefined;
  /** Bits of key usage, first bit first; `undefined` without the extension. */
  readonly keyUsage: readonly boolean[] | undefined;
  /** Object identifiers of extended key usage; `undefined` without the extension. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  /** Extensions that are not understood here and must be: critical ones, and name constraints in any case. */
  readonly unknownCritical: readonly string[];
  /** Object identifier of the algorithm that its issuer signed it with; of RSASSA-PSS with `/` and that of its hash. */
  readonly signatureAlgorithm: string;
}

export const RSASSA_PSS = '1.2.840.113549.1.1.10';
const SHA_1 = '1.3.14.3.2.26';

/** Bytes of one certificate: some tens of kilobytes with the largest keys there are. What is in it is read in pieces. */
const MAX_BYTES = 64 * 1024;

/** The one encoding that DER has of TRUE. */
const DER_TRUE = 0xff;

const OID = {
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** What may be signed below a CA. Not checked here, and so never passed over, critical or not. */
const NAME_CONSTRAINTS = '2.5.29.30';

/** Extensions that say nothing about whether a signature counts: names, identifiers, policies. */
const HARMLESS: ReadonlySet<string> = new Set(['2.5.29.14', '2.5.29.17', '2.5.29.32', '2.5.29.35']);

/**
 * Reads one certificate.
 *
 * @param bytes - DER; of the operator PEM too. At most 64 KiB.
 * @param code - The code to refuse with: whether the operator gave the certificate or the bundle did.
 * @throws {ModelError} `code`
 */
export function parseCertificate(
  bytes: Uint8Array,
  code: 'ERR_MODEL_KEY' | 'ERR_MODEL_CERTIFICATE',
): Certificate {
  try {
    if (bytes.length > MAX_BYTES) throw new RangeError(`more than ${MAX_BYTES} bytes`);
    const x509 = new X509Certificate(bytes);
    // Node.js would also take PEM, and pass over what stands behind the certificate.
    if (code === 'ERR_MODEL_CERTIFICATE' && !x509.raw.equals(bytes)) throw new RangeError('not DER alone');
    return { x509, ...readExtensions(x509.raw) };
  } catch (cause) {
    throw new ModelError(code, 'a certificate cannot be read', { cause });
  }
}

/**
 * Reads certificates, one or several in a text.
 *
 * @param source - PEM text, or DER.
 * @throws {ModelError} `ERR_MODEL_KEY`
 */
export function parseCertificates(source: string | Uint8Array): Certificate[] {
  const bytes = Buffer.from(source);
  if (!bytes.includes('-----BEGIN')) return [parseCertificate(bytes, 'ERR_MODEL_KEY')];
  const blocks = bytes.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (blocks === null) throw new ModelError('ERR_MODEL_KEY', 'expected PEM blocks CERTIFICATE, found none');
  return blocks.map((block) => parseCertificate(Buffer.from(block), 'ERR_MODEL_KEY'));
}

type Extensions = Omit<Certificate, 'x509'>;

/** @see RFC 5280, sections 4.1 and 4.2 */
function readExtensions(raw: Buffer): Extensions {
  const [tbs, algorithm] = readDer(readOne(raw, DER.sequence));
  if (tbs?.tag !== DER.sequence || algorithm?.tag !== DER.sequence) throw new RangeError('no certificate');
  const fields = readDer(tbs.content);
  // [3] EXPLICIT Extensions; version 1 certificates have none.
  const wrapped = fields.find(({ tag }) => tag === 0xa3);
  const extensions = wrapped === undefined ? [] : readDer(readOne(wrapped.content, DER.sequence));
  const values = new Map<string, Buffer>();
  const unknownCritical: string[] = [];
  for (const { content } of extensions) {
    const parts = readDer(content);
    const oid = readOid(parts[0]!.content);
    if (values.has(oid)) throw new RangeError('an extension is given twice');
    values.set(oid, parts.at(-1)!.content);
    const isCritical =
      oid === NAME_CONSTRAINTS || (parts[1]?.tag === DER.boolean && parts[1].content[0] !== 0);
    const isKnown = Object.values<string>(OID).includes(oid) || HARMLESS.has(oid);
    if (isCritical && !isKnown) unknownCritical.push(oid);
  }
  return {
    ...readBasicConstraints(values.get(OID.basicConstraints)),
    keyUsage: readKeyUsage(values.get(OID.keyUsage)),
    extendedKeyUsage: readExtendedKeyUsage(values.get(OID.extendedKeyUsage)),
    unknownCritical,
    signatureAlgorithm: readAlgorithm(algorithm.content),
  };
}

/**
 * RSASSA-PSS names its hash in a parameter and means SHA-1 without one, so its own name does not say how strong it is.
 *
 * @see RFC 4055, section 3.1
 */
function readAlgorithm(identifier: Buffer): string {
  const [name, parameters] = readDer(identifier);
  const oid = readOid(name!.content);
  if (oid !== RSASSA_PSS) return oid;
  const fields = parameters?.tag === DER.sequence ? readDer(parameters.content) : [];
  const hash = fields.find(({ tag }) => tag === 0xa0);
  if (hash === undefined) return `${oid}/${SHA_1}`;
  const [hashName] = readDer(readOne(hash.content, DER.sequence));
  return `${oid}/${readOid(hashName!.content)}`;
}

function readBasicConstraints(value: Buffer | undefined): Pick<Extensions, 'isCa' | 'pathLength'> {
  const fields = value === undefined ? [] : readDer(readOne(value, DER.sequence));
  const isCa = fields.some(({ tag, content }) => tag === DER.boolean && content[0] === DER_TRUE);
  const length = fields.find(({ tag }) => tag === DER.integer)?.content;
  if (length !== undefined && (length.length > 4 || length.readInt8(0) < 0)) {
    throw new RangeError('a path length is out of range');
  }
  return { isCa, pathLength: length?.readUIntBE(0, length.length) };
}

function readKeyUsage(value: Buffer | undefined): readonly boolean[] | undefined {
  if (value === undefined) return undefined;
  const [, ...bytes] = readOne(value, DER.bitString);
  return bytes.flatMap((byte) => Array.from({ length: 8 }, (_, bit) => (byte & (0x80 >> bit)) !== 0));
}

function readExtendedKeyUsage(value: Buffer | undefined): readonly string[] | undefined {
  if (value === undefined) return undefined;
  return readDer(readOne(value, DER.sequence)).map(({ tag, content }) => {
    if (tag !== DER.objectIdentifier) throw new RangeError('an object identifier was expected');
    return readOid(content);
  });
}
