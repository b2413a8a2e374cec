import { ModelError } from '../errors.ts';
import { parseMoment } from '../moment.ts';
import { parseBundle, type OmsBundle } from './bundle.ts';
import type { ManifestFile, ModelManifest } from './manifest.ts';
import { parseStatement } from './statement.ts';
import type { Signer, Trust } from './trust.ts';

/** How a bundle is judged. */
export interface VerifyBundleOptions {
  /** Whose signatures count; several stand for "any of these". */
  readonly trust: Trust | readonly Trust[];
  /** Refuse what the schemas of version 1.0 refuse though signers in use write it. Default: false. */
  readonly strict?: boolean;
  /** Accept the format of version 0.2, which signed a faulty encoding. Default: false. */
  readonly legacyV02?: boolean;
  /** The time that certificates must be valid at. Default: now. */
  readonly at?: Date;
}

/** What a bundle whose signatures hold says. */
export interface VerifiedBundle {
  /** Who signed it, each once. */
  readonly signers: readonly Signer[];
  /** What they vouch for. */
  readonly manifest: ModelManifest;
}

/** The same with the manifest by file, for those who compare it with a folder. */
export interface VerifiedManifest extends VerifiedBundle {
  readonly files: readonly ManifestFile[];
}

/**
 * Verifies a model signature, without a model: who signed, and for which files.
 *
 * Every signature in the envelope must be by someone trusted. One that is not makes the bundle refused, whatever the
 * others are: a signature is not there by accident.
 *
 * @param bundle - The bytes of the signature file, at most 64 MiB.
 * @throws {ModelError} `ERR_MODEL_BUNDLE`, `_SIGNATURE`, `_SIGNER`, `_CERTIFICATE`, `_STATEMENT`, `_PATH`,
 *   `_UNSUPPORTED`, `_OPTIONS`
 * @see OpenSSF Model Signing v1.0, sections 8.1 to 8.3
 */
export async function verifyBundle(
  bundle: Uint8Array,
  options: VerifyBundleOptions,
): Promise<VerifiedBundle> {
  const { signers, manifest } = await verifyManifest(bundle, options);
  return { signers, manifest };
}

/** {@link verifyBundle}, with the files of the manifest. */
export async function verifyManifest(
  bytes: Uint8Array,
  { trust, strict = false, legacyV02 = false, at: given }: VerifyBundleOptions,
): Promise<VerifiedManifest> {
  const at = parseMoment(given);
  const bundle = parseBundle(bytes);
  if (strict) checkStrict(bundle);
  const trusted = [trust].flat().filter(({ method }) => method === bundle.material.method);
  if (trusted.length === 0) {
    throw new ModelError(
      'ERR_MODEL_SIGNATURE',
      'the signature is of another method than the trusted signers',
      {
        found: bundle.material.method,
      },
    );
  }
  const opinions = await Promise.all(
    trusted.map(async (one) => one.verify(bundle, { at, legacy: legacyV02 })),
  );
  const holding = bundle.signatures.map((_, index) =>
    firstHolding(opinions.map((results) => results[index])),
  );
  const statement = parseStatement(bundle.payload, { strict, legacy: legacyV02 });
  if (!statement.legacy && holding.some(({ legacy }) => legacy)) {
    throw new ModelError(
      'ERR_MODEL_SIGNATURE',
      'the faulty encoding of version 0.2 was signed for a later format',
    );
  }
  const signers = [...new Map(holding.map(({ signer }) => [signer.id, signer])).values()];
  return { signers, manifest: statement.manifest, files: statement.files };
}

type Opinion = Awaited<ReturnType<Trust['verify']>>[number];

/** The first opinion that a signature holds; with none, the last refusal. */
function firstHolding(opinions: readonly (Opinion | undefined)[]): Extract<Opinion, { signer: Signer }> {
  let refusal = new ModelError('ERR_MODEL_SIGNATURE', 'nobody judged the signature');
  for (const opinion of opinions) {
    if (opinion === undefined) continue;
    if ('signer' in opinion) return opinion;
    refusal = opinion.error;
  }
  throw refusal;
}

function checkStrict({ material, signatures }: OmsBundle): void {
  if (signatures.length !== 1) {
    throw new ModelError('ERR_MODEL_BUNDLE', 'a Sigstore bundle has exactly one signature', {
      found: String(signatures.length),
    });
  }
  if (material.method === 'key' && (material.hint ?? '') === '') {
    throw new ModelError('ERR_MODEL_BUNDLE', 'the signature names its key by no hint');
  }
}
