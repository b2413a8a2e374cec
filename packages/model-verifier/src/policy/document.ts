import type { ProvenanceMethod, SignerPolicy } from '../lock/document.ts';
import type { SourceRule } from '../source/rule.ts';

/** Who must have signed what. The most exact entry counts: the model's, else the source's, else the default. */
export interface SignerRules {
  /** For every model without an entry of its own. Default: no signature is asked for. */
  readonly default?: SignerPolicy;
  /** By name of the model. */
  readonly models?: Readonly<Record<string, SignerPolicy>>;
  /** By host of the source's URL; `npm` for the registry. */
  readonly sources?: Readonly<Record<string, SignerPolicy>>;
}

/** What revocation lists must be. */
export interface RevocationRules {
  /** `sha256:<hex>` of the DER SubjectPublicKeyInfo of each key that may sign a list. */
  readonly keys: readonly string[];
  /** Signatures of different keys that a list needs. Default 1. */
  readonly threshold?: number;
  /** Seconds after its expiry for which a list is still good. Default 0. */
  readonly graceSeconds?: number;
}

/** Sizes that a model must keep to, whatever the lock says. */
export interface PolicyLimits {
  /** Bytes in one file. */
  readonly maxFileBytes?: number;
  /** Bytes in all files of one model. */
  readonly maxModelBytes?: number;
}

/** What a team allows, in one file. What it does not speak of: sources are refused, the rest is not asked for. */
export interface VerifierPolicy {
  /** Version of the format; a reader refuses every other. */
  readonly policyVersion: 1;
  /** Where models may come from. Default: nowhere. */
  readonly sources?: readonly SourceRule[];
  /** Names of npm packages whose models may be opened. Default: none. */
  readonly packages?: readonly string[];
  /** SPDX expressions, compared as text. Default: any. */
  readonly licences?: readonly string[];
  /** File extensions of the file with the role `model`, lower case, without the dot. Default: `onnx` alone. */
  readonly formats?: readonly string[];
  /** Ways of trusting a digest that are good enough. Default: any, also none recorded. */
  readonly provenance?: readonly ProvenanceMethod[];
  /** Who must have signed. */
  readonly signers?: SignerRules;
  /** Asks for the contract of ONNX models and names the inspector's profile. */
  readonly onnx?: {
    /** Profile that the inspector checks with. Default: its strictest. */
    readonly profile?: string;
    /** Whether the lock must have a contract. Default false: one that it has is checked all the same. */
    readonly requireContract?: boolean;
  };
  /** Asks for a revocation list. Default: none is asked for, one that is given is checked all the same. */
  readonly revocation?: RevocationRules;
  /** Whether a journal must be kept. Default false. */
  readonly requireJournal?: boolean;
  /** Default: none. */
  readonly limits?: PolicyLimits;
}
