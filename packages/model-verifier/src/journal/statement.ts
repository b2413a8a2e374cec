/** Something that happened to a model, in the shape of in-toto, so that other tools can read it. */
export interface JournalStatement {
  readonly _type: 'https://in-toto.io/Statement/v1';
  /** The files, by the path of the lock. */
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  /** One of the predicate types of this module. */
  readonly predicateType: string;
  readonly predicate: Readonly<Record<string, unknown>>;
}

/** SLSA Verification Summary Attestation v1. */
const VERIFICATION_TYPE = 'https://slsa.dev/verification_summary/v1';
/** That verified bytes were handed over to be loaded. */
const LOAD_TYPE = 'urn:sallyport:model-load:v1';
/** That a torn last line was moved out of the journal. */
const RECOVERY_TYPE = 'urn:sallyport:journal-recovery:v1';

/** Who writes: the package, not a version of it, so that a history reads as one. */
const VERIFIER = { id: 'urn:sallyport:model-verifier' };

/** What a verification looked at and found. */
export interface VerificationSummary {
  /** Name of the model in the lock. */
  readonly model: string;
  /** Files with the digests that the lock promises. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  /** `sha256:<hex>` of the lock. */
  readonly lockDigest: string;
  /** `sha256:<hex>` of the policy; absent if there was none. */
  readonly policyDigest?: string;
  /** `sha256:<hex>` of the revocation list; absent if there was none. */
  readonly revocationDigest?: string;
  /** Who signed, by `id`. */
  readonly signers?: readonly string[];
  /** Codes of the reasons against it; empty if it passed. */
  readonly reasons: readonly string[];
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** @see SLSA v1.1, Verification Summary Attestation; the fields that are ours have URIs as names, as it asks. */
export function verificationStatement(summary: VerificationSummary): JournalStatement {
  const { model, lockDigest, policyDigest, revocationDigest, signers = [], reasons, at } = summary;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjectOf(summary.files),
    predicateType: VERIFICATION_TYPE,
    predicate: {
      verifier: VERIFIER,
      timeVerified: at,
      resourceUri: `urn:sallyport:model:${model}`,
      // Without a policy the lock is what decides.
      policy: { digest: { sha256: bare(policyDigest ?? lockDigest) } },
      inputAttestations: [lockDigest, revocationDigest].flatMap((digest) =>
        digest === undefined ? [] : [{ digest: { sha256: bare(digest) } }],
      ),
      verificationResult: reasons.length === 0 ? 'PASSED' : 'FAILED',
      verifiedLevels: [],
      slsaVersion: '1.1',
      'urn:sallyport:reasons': reasons,
      'urn:sallyport:signers': signers,
    },
  };
}

/** That a model was handed over: its bytes, or its path with the weaker promise. */
export function loadStatement(load: {
  readonly model: string;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  readonly lockDigest: string;
  readonly mode: 'bytes' | 'path';
  readonly at: string;
}): JournalStatement {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjectOf(load.files),
    predicateType: LOAD_TYPE,
    predicate: {
      loader: VERIFIER,
      timeLoaded: load.at,
      resourceUri: `urn:sallyport:model:${load.model}`,
      lock: { digest: { sha256: bare(load.lockDigest) } },
      mode: load.mode,
    },
  };
}

/** That `bytes` of a line that was never finished were moved to a file of their own. */
export function recoveryStatement(torn: {
  readonly bytes: number;
  readonly sha256: string;
  readonly at: string;
}): JournalStatement {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'torn-line', digest: { sha256: torn.sha256 } }],
    predicateType: RECOVERY_TYPE,
    predicate: { recoverer: VERIFIER, timeRecovered: torn.at, bytes: torn.bytes },
  };
}

function subjectOf(
  files: readonly { readonly path: string; readonly sha256: string }[],
): JournalStatement['subject'] {
  return files.map(({ path, sha256 }) => ({ name: path, digest: { sha256 } }));
}

function bare(digest: string): string {
  return digest.replace(/^sha256:/, '');
}
