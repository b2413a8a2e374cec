import { extname } from 'node:path';
import { MODEL_ERROR_CODES, ModelError, type ModelErrorCode } from '../errors.ts';
import type { LockedModel, SignerPolicy } from '../lock/document.ts';
import { findRule } from '../source/rule.ts';
import { reasonsOf, type Reason } from '../verdict.ts';
import { isNamedOtherwise } from './check-graph.ts';
import type { VerifierPolicy } from './document.ts';

const DEFAULT_FORMATS = ['onnx'];

/**
 * Holds what the lock says of a model against a policy, before any file is read.
 *
 * @returns Every reason against it; empty if the policy allows it.
 */
export function checkPolicy(name: string, model: LockedModel, policy: VerifierPolicy): readonly Reason[] {
  const reasons: Reason[] = [];
  const deny = (message: string, expected?: string, found?: string): void => {
    reasons.push({
      code: 'ERR_MODEL_DENIED',
      message: `${name}: ${message}`,
      ...(expected !== undefined && { expected }),
      ...(found !== undefined && { found }),
    });
  };
  const { licences, provenance, limits = {}, onnx } = policy;
  reasons.push(...checkSource(model, policy));
  if (licences !== undefined && !licences.includes(model.licence)) {
    deny('the licence is not allowed', licences.join(', '), model.licence);
  }
  const formats = policy.formats ?? DEFAULT_FORMATS;
  const main = model.files.find(({ role }) => role === 'model')!;
  const format = extname(main.path).slice(1).toLowerCase();
  if (!formats.includes(format)) deny('the format is not allowed', formats.join(', '), format);
  const way = model.provenance?.verifiedBy;
  if (provenance !== undefined && (way === undefined || !provenance.includes(way))) {
    deny('the way its digests came to be trusted is not good enough', provenance.join(', '), way ?? 'none');
  }
  const { maxFileBytes = Infinity, maxModelBytes = Infinity } = limits;
  const total = model.files.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { path, bytes } of model.files) {
    if (bytes > maxFileBytes) deny(`${path} is too large`, `at most ${maxFileBytes} bytes`, String(bytes));
  }
  if (total > maxModelBytes) deny('all files are too large', `at most ${maxModelBytes} bytes`, String(total));
  // What is named as another format is asked for one too, if it then turns out not to be of that format.
  if (onnx?.requireContract === true && model.onnx === undefined && !isNamedOtherwise(main.path)) {
    reasons.push({
      code: 'ERR_MODEL_CONTRACT',
      message: `${name}: expected a contract in the lock, found none`,
    });
  }
  return [...reasons, ...checkPinning(name, model, signerRuleOf(name, model, policy))];
}

function checkSource(
  { source, files }: LockedModel,
  { sources = [], packages = [] }: VerifierPolicy,
): readonly Reason[] {
  if (source.type === 'npm') {
    if (packages.includes(source.package)) return [];
    return [
      {
        code: 'ERR_MODEL_DENIED',
        message: 'the npm package is not allowed',
        expected: packages.join(', ') || 'none',
        found: source.package,
      },
    ];
  }
  const urls = new Set([source.url, ...files.flatMap(({ url }) => url ?? [])]);
  return [...urls].flatMap((url) => {
    try {
      findRule(url, sources, source.revision);
      return [];
    } catch (error) {
      return reasonsOf(error);
    }
  });
}

/** The signer rule of a policy that counts for a model: the most exact one. */
export function signerRuleOf(
  name: string,
  { source }: LockedModel,
  { signers }: VerifierPolicy,
): SignerPolicy | undefined {
  const host = source.type === 'npm' ? 'npm' : new URL(source.url).hostname;
  const { models = {}, sources = {} } = signers ?? {};
  if (Object.hasOwn(models, name)) return models[name];
  if (Object.hasOwn(sources, host)) return sources[host];
  return signers?.default;
}

/** A lock may ask for fewer signers of the policy and not for others: a new key is approved in the policy first. */
function checkPinning(
  name: string,
  { signers }: LockedModel,
  rule: SignerPolicy | undefined,
): readonly Reason[] {
  if (signers === undefined || rule === undefined) return [];
  const approved = new Set(signersOf(rule));
  return signersOf(signers)
    .filter((signer) => !approved.has(signer))
    .map((found) => ({
      code: 'ERR_MODEL_SIGNER',
      message: `${name}: the lock names a signer that the policy has not approved`,
      found,
    }));
}

/** One name for each signer of a policy: a key's digest, or identity and issuer as JSON. */
export function signersOf({ keys = [], identities = [] }: SignerPolicy): readonly string[] {
  return [...keys, ...identities.map(({ identity, issuer }) => JSON.stringify([identity, issuer]))];
}

/** Turns reasons into the error that a refusal throws: the code of the first, and all of them with it. */
export function refusal(name: string, reasons: readonly Reason[]): ModelError {
  const [first] = reasons;
  const more = reasons.length > 1 ? ` (and ${reasons.length - 1} more)` : '';
  return new ModelError(codeOf(first), `${first?.message ?? name}${more}`, {
    reasons,
    ...(first?.path !== undefined && { path: first.path }),
    ...(first?.expected !== undefined && { expected: first.expected }),
    ...(first?.found !== undefined && { found: first.found }),
  });
}

/** Inspectors have codes of their own; to a caller they all say that the graph is not as it must be. */
function codeOf(reason: Reason | undefined): ModelErrorCode {
  return MODEL_ERROR_CODES.find((code) => code === reason?.code) ?? 'ERR_MODEL_CONTRACT';
}
