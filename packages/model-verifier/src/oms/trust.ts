import type { ModelError } from '../errors.ts';
import type { OmsBundle, SigningMethod } from './bundle.ts';

/** Who made a signature that holds. */
export interface Signer {
  /** How the signer is known. */
  readonly method: SigningMethod;
  /**
   * One name for one signer, whatever bundle it signed: `sha256:<hex>` of the public key's DER, or for a keyless
   * signer `identity` and `issuer` as JSON. Thresholds count these, and one name below one root once.
   */
  readonly id: string;
  /** Subject of the leaf certificate, or the keyless identity. */
  readonly identity?: string;
  /** OpenID Connect issuer that vouched for a keyless identity. */
  readonly issuer?: string;
  /** SHA-256 of each certificate from the leaf to the root, hexadecimal. */
  readonly fingerprints?: readonly string[];
}

/** What a signature is held against, beside the trust itself. */
export interface TrustContext {
  /** The time that certificates must be valid at. */
  readonly at: Date;
  /** Whether the faulty encoding of version 0.2 may have been signed. */
  readonly legacy: boolean;
}

/** A signature that holds, or why it does not. */
export type SignatureResult =
  { readonly signer: Signer; readonly legacy: boolean } | { readonly error: ModelError };

/** Whose signatures count. Made by `trustKey`, `trustCertificates` and `trustSigstore`. */
export interface Trust {
  /** The kind of bundle that it can judge. */
  readonly method: SigningMethod;
  /**
   * Verifies the signatures of a bundle of that kind.
   *
   * @returns One result for each signature, in order. Never throws for what is in the bundle.
   */
  readonly verify: (
    bundle: OmsBundle,
    context: TrustContext,
  ) => readonly SignatureResult[] | Promise<readonly SignatureResult[]>;
}
