import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { TrustMaterial } from '@sigstore/verify';
import { ModelError } from '../errors.ts';
import { parseStrictJson } from '../strict-json.ts';
import { parseBundleJson } from './bundle.ts';
import { keyFingerprint, parsePublicKey } from './key.ts';
import { MAX_STATEMENT_VALUES } from './statement.ts';
import type { SignatureResult, Signer, Trust } from './trust.ts';

/** A keyless signer: both must be equal to the last character. */
export interface SigstoreIdentity {
  /** Subject alternative name of the certificate: an e-mail address, or the URL of a workflow. */
  readonly identity: string;
  /** URL of the OpenID Connect issuer that vouched for it. */
  readonly issuer: string;
}

/** Whom and what a keyless signature is held against. */
export interface SigstoreTrustOptions extends SigstoreIdentity {
  /**
   * A Sigstore trusted root as parsed JSON, or a client trust configuration that holds one: certificate authorities
   * and logs. Default: that of the public good instance, from the seed in the optional peer `@sigstore/tuf`, as old as
   * that release.
   */
  readonly trustedRoot?: unknown;
}

const PUBLIC_GOOD = 'https://tuf-repo-cdn.sigstore.dev';

/**
 * Trusts one identity of one issuer, as certified by Sigstore. Works offline: certificate, transparency log and
 * timestamps are verified against the trusted root alone.
 *
 * Needs the optional peers `@sigstore/verify`, `@sigstore/bundle` and `@sigstore/protobuf-specs`.
 *
 * @throws {ModelError} `ERR_MODEL_UNSUPPORTED` if a peer is not installed, `ERR_MODEL_KEY` if the root is malformed.
 */
export async function trustSigstore(options: SigstoreTrustOptions): Promise<Trust> {
  const verify = await createVerifier(options.trustedRoot);
  return {
    method: 'sigstore',
    verify: ({ json, signatures }) => {
      // The library looks at the first signature alone.
      if (signatures.length !== 1) {
        const error = new ModelError('ERR_MODEL_SIGNATURE', 'a keyless signature stands alone');
        return signatures.map(() => ({ error }));
      }
      return [judge(() => verify(json, undefined, options))];
    },
  };
}

/** How any Sigstore bundle is held against an artifact: an identity, or a public key. */
export type VerifySigstoreOptions = (SigstoreIdentity | { readonly publicKey: string | Uint8Array }) &
  Pick<SigstoreTrustOptions, 'trustedRoot'>;

/**
 * Verifies a Sigstore bundle of any kind over an artifact, offline: what `cosign verify-blob` and `sigstore verify` do.
 * A bundle with an in-toto statement must have the artifact's SHA-256 among its subjects.
 *
 * @param bundle - The bundle's bytes, versions 0.1 to 0.3.
 * @param artifact - What was signed.
 * @returns Who signed it.
 * @throws {ModelError} `ERR_MODEL_BUNDLE`, `_SIGNATURE`, `_SIGNER`, `_KEY`, `_UNSUPPORTED`
 */
export async function verifySigstoreBundle(
  bundle: Uint8Array,
  artifact: Uint8Array,
  options: VerifySigstoreOptions,
): Promise<Signer> {
  const json = parseBundleJson(bundle);
  const key = 'publicKey' in options ? options.publicKey : undefined;
  const verify = await createVerifier(options.trustedRoot, key);
  const result = judge(() =>
    verify(json, Buffer.from(artifact), 'identity' in options ? options : undefined),
  );
  if ('error' in result) throw result.error;
  return result.signer;
}

type Verify = (json: unknown, artifact: Buffer | undefined, identity: SigstoreIdentity | undefined) => Signer;

async function createVerifier(trustedRoot: unknown, publicKey?: string | Uint8Array): Promise<Verify> {
  const [{ bundleFromJSON }, { toSignedEntity, toTrustMaterial, Verifier }, { TrustedRoot }] =
    await loadPeers();
  const key = publicKey === undefined ? undefined : parsePublicKey(publicKey);
  const given = trustedRoot ?? (await readSeed());
  const root = isObject(given) && 'trustedRoot' in given ? given['trustedRoot'] : given;
  let material: TrustMaterial;
  try {
    material = toTrustMaterial(TrustedRoot.fromJSON(root), () => {
      if (key === undefined)
        throw new ModelError('ERR_MODEL_SIGNATURE', 'expected a certificate, found a key');
      return { publicKey: key, validFor: () => true };
    });
  } catch (cause) {
    throw new ModelError('ERR_MODEL_KEY', 'the Sigstore trusted root is malformed', { cause });
  }
  const verifier = new Verifier(material);
  return (json, artifact, expected) => {
    const bundle = bundleFromJSON(json);
    if (artifact !== undefined && bundle.content.$case === 'dsseEnvelope') {
      checkSubject(bundle.content.dsseEnvelope.payload, artifact);
    }
    const signer = verifier.verify(toSignedEntity(bundle, artifact));
    if (expected === undefined) {
      // A certificate vouches for somebody, and nobody was asked for: only the given key counts here.
      if (signer.identity !== undefined)
        throw new ModelError('ERR_MODEL_SIGNATURE', 'expected a key, found a certificate');
      return { method: 'key', id: `sha256:${keyFingerprint(signer.key)}` };
    }
    const identity = signer.identity?.subjectAlternativeName;
    const issuer = signer.identity?.extensions?.issuer;
    checkIdentity(expected, identity, issuer);
    return {
      method: 'sigstore',
      id: JSON.stringify([expected.identity, expected.issuer]),
      identity: expected.identity,
      issuer: expected.issuer,
    };
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Equal, never a pattern: the library would take the identity for an unanchored regular expression. */
function checkIdentity(expected: SigstoreIdentity, identity?: string, issuer?: string): void {
  for (const [what, wanted, found] of [
    ['identity', expected.identity, identity],
    ['issuer', expected.issuer, issuer],
  ] as const) {
    if (found !== undefined && found !== '' && found === wanted) continue;
    throw new ModelError('ERR_MODEL_SIGNER', `the signature is by another ${what} than the trusted one`, {
      expected: wanted,
      found: found ?? 'none',
    });
  }
}

/** The library verifies who signed a statement, not that it is about this artifact. */
function checkSubject(payload: Buffer, artifact: Buffer): void {
  const digest = createHash('sha256').update(artifact).digest('hex');
  const { subject } = parseStrictJson(payload.toString(), MAX_STATEMENT_VALUES) as { subject?: unknown };
  const subjects = Array.isArray(subject) ? (subject as { digest?: { sha256?: unknown } | null }[]) : [];
  if (subjects.some((one) => one.digest?.sha256 === digest)) return;
  throw new ModelError('ERR_MODEL_SIGNATURE', 'the signed statement is about another artifact', {
    found: digest,
  });
}

/** Whatever the library throws, a `TypeError` too, is a refusal. */
function judge(verify: () => Signer): SignatureResult {
  try {
    return { signer: verify(), legacy: false };
  } catch (cause) {
    if (cause instanceof ModelError) return { error: cause };
    const found = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
    return {
      error: new ModelError('ERR_MODEL_SIGNATURE', 'the keyless signature does not hold', {
        cause,
        ...(found !== undefined && { found }),
      }),
    };
  }
}

async function loadPeers() {
  try {
    return await Promise.all([
      import('@sigstore/bundle'),
      import('@sigstore/verify'),
      import('@sigstore/protobuf-specs'),
    ]);
  } catch (cause) {
    throw new ModelError(
      'ERR_MODEL_UNSUPPORTED',
      'keyless signatures need the optional peers @sigstore/bundle, @sigstore/protobuf-specs and @sigstore/verify',
      { cause },
    );
  }
}

/** The trusted root that a release of the TUF client starts from. No network. */
async function readSeed(): Promise<unknown> {
  try {
    const require = createRequire(import.meta.url);
    const path = require.resolve('@sigstore/tuf/seeds.json');
    const seeds = JSON.parse(await readFile(path, 'utf8')) as Record<
      string,
      { targets: Record<string, string> } | undefined
    >;
    return JSON.parse(Buffer.from(seeds[PUBLIC_GOOD]!.targets['trusted_root.json']!, 'base64').toString());
  } catch (cause) {
    throw new ModelError(
      'ERR_MODEL_UNSUPPORTED',
      'without a trusted root, keyless signatures need the optional peer @sigstore/tuf',
      { cause },
    );
  }
}
