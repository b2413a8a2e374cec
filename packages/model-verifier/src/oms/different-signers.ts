import type { Signer } from './trust.ts';

/**
 * Signers of whom no two can be one: each with a key of its own, and with a name of its own where a root certified it.
 * Who renews a certificate has a second key, and is no second signer.
 */
export function differentSigners(signers: readonly Signer[]): Signer[] {
  const taken = new Set<string>();
  return signers.filter((signer) => {
    const names = [signer.id, certifiedName(signer)].filter((name) => name !== undefined);
    if (names.some((name) => taken.has(name))) return false;
    for (const name of names) taken.add(name);
    return true;
  });
}

function certifiedName({ method, identity, fingerprints }: Signer): string | undefined {
  if (method !== 'certificate' || identity === undefined || identity === '') return undefined;
  return JSON.stringify([identity, fingerprints?.at(-1)]);
}
