import { digestModel, type DigestModelOptions } from './digest-model.ts';
import type { ModelManifest } from './manifest.ts';
import { PAYLOAD_TYPE, preAuthEncoding } from './pae.ts';
import type { ModelSigner } from './signer.ts';
import { PREDICATE_TYPE, STATEMENT_TYPE } from './statement.ts';

/** A new signature. */
export interface SignedModel {
  /** The bundle as JSON text: what goes into the signature file. */
  readonly bundle: string;
  /** What it vouches for. */
  readonly manifest: ModelManifest;
}

/**
 * Hashes a model and signs the manifest. Writes nothing: the bundle is yours to store, best as `model.sig`.
 *
 * @param path - A folder, or one file.
 * @param signer - From `signWithKey` or `signWithCertificate`.
 * @param options - As for `digestModel`. Give `signature` if the bundle will lie inside the model.
 * @throws As `digestModel`, and what the signer throws.
 * @see OpenSSF Model Signing v1.0, section 6
 */
export async function signModel(
  path: string,
  signer: ModelSigner,
  options: DigestModelOptions = {},
): Promise<SignedModel> {
  const manifest = await digestModel(path, options);
  const payload = Buffer.from(JSON.stringify(toStatement(manifest)));
  const signature = await signer.sign(preAuthEncoding(PAYLOAD_TYPE, payload));
  const bundle = {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: signer.material,
    dsseEnvelope: {
      payload: payload.toString('base64'),
      payloadType: PAYLOAD_TYPE,
      signatures: [{ sig: Buffer.from(signature).toString('base64'), keyid: '' }],
    },
  };
  return { bundle: `${JSON.stringify(bundle)}\n`, manifest };
}

/** The in-toto statement that a manifest is signed as. */
export function toStatement({ name, rootDigest, resources, serialization }: ModelManifest): object {
  const { method, hashType, shardSize, allowSymlinks, ignorePaths } = serialization;
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name, digest: { sha256: rootDigest } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      resources: resources.map((resource) => ({ ...resource, algorithm: hashType })),
      serialization: {
        method,
        hash_type: hashType,
        ...(shardSize !== undefined && { shard_size: shardSize }),
        allow_symlinks: allowSymlinks,
        ignore_paths: ignorePaths,
      },
    },
  };
}
