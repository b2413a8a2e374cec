import {
  checkFreshness,
  findRevoked,
  type RevocationList,
  type RevocationSubject,
} from '../revocation/revocation.ts';
import { reasonsOf, type Reason } from '../verdict.ts';
import type { VerifierPolicy } from './document.ts';

/**
 * Holds a model against a revocation list, and the list against the policy: signed by its keys, and still good.
 *
 * @returns Every reason against the model. Without a list that the policy asks for, or with one that is not good any
 *   more, that is one.
 */
export function checkRevocation(
  list: RevocationList | undefined,
  subject: RevocationSubject,
  { revocation: rules }: VerifierPolicy,
  at: Date,
): readonly Reason[] {
  if (list === undefined) {
    if (rules === undefined) return [];
    return [
      { code: 'ERR_MODEL_REVOCATION', message: 'the policy asks for a revocation list, and none was given' },
    ];
  }
  const { keys, threshold = 1, graceSeconds = 0 } = rules ?? { graceSeconds: list.graceSeconds };
  const counted = keys === undefined ? list.signers : list.signers.filter((id) => keys.includes(id));
  if (!(counted.length >= threshold)) {
    return [
      {
        code: 'ERR_MODEL_REVOCATION',
        message: 'too few keys of the policy have signed the revocation list',
        expected: String(threshold),
        found: String(counted.length),
      },
    ];
  }
  try {
    checkFreshness(list.document, graceSeconds, at);
  } catch (error) {
    return reasonsOf(error);
  }
  return findRevoked(list, subject);
}
