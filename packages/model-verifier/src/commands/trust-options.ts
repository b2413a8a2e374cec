import type { Command } from 'commander';
import { ModelError } from '../errors.ts';
import { parseBundleJson } from '../oms/bundle.ts';
import { trustSigstore } from '../oms/sigstore.ts';
import { trustCertificates } from '../oms/trust-certificates.ts';
import { trustKey } from '../oms/trust-key.ts';
import type { Trust } from '../oms/trust.ts';
import { UsageError } from './exit.ts';
import { readKeyFile } from './key-file.ts';
import { collect } from './model-options.ts';

/** Whom to trust. */
export interface TrustFlags {
  readonly publicKey?: readonly string[];
  readonly certificateChain?: readonly string[];
  readonly identity?: string;
  readonly identityProvider?: string;
  readonly trustConfig?: string;
}

export function addTrustOptions(command: Command): Command {
  return command
    .option('--public-key <file>', 'trust this key: PEM or DER; may be repeated', collect)
    .option('--certificate-chain <file...>', 'trust these roots: PEM or DER')
    .option('--identity <name>', 'trust this keyless identity, to the last character')
    .option('--identity-provider <url>', 'as certified by this issuer')
    .option('--trust-config <file>', 'Sigstore trusted root (default: the public good instance)');
}

/** Whether anybody is to be trusted; what belongs together must be there together. */
export function hasTrustFlags(flags: TrustFlags): boolean {
  const { publicKey, certificateChain, identity, identityProvider, trustConfig } = flags;
  if ((identity === undefined) !== (identityProvider === undefined)) {
    throw new UsageError('--identity and --identity-provider go together');
  }
  if (trustConfig !== undefined && identity === undefined) {
    throw new UsageError('--trust-config goes with --identity');
  }
  return publicKey !== undefined || certificateChain !== undefined || identity !== undefined;
}

/** Each kind that was named; with several signatures, each finds its own. */
export async function readTrust({
  publicKey = [],
  certificateChain,
  ...flags
}: TrustFlags): Promise<Trust[]> {
  const keys = await Promise.all(publicKey.map(readKeyFile));
  const trust = keys.map(trustKey);
  if (certificateChain !== undefined) {
    trust.push(trustCertificates(await Promise.all(certificateChain.map(readKeyFile))));
  }
  if (flags.identity !== undefined && flags.identityProvider !== undefined) {
    const { identity, identityProvider: issuer, trustConfig } = flags;
    const trustedRoot = trustConfig === undefined ? undefined : await readTrustedRoot(trustConfig);
    trust.push(await trustSigstore({ identity, issuer, ...(trustedRoot !== undefined && { trustedRoot }) }));
  }
  return trust;
}

async function readTrustedRoot(path: string): Promise<unknown> {
  const bytes = await readKeyFile(path);
  try {
    return parseBundleJson(bytes);
  } catch (cause) {
    throw new ModelError('ERR_MODEL_KEY', 'the Sigstore trusted root is not JSON', { cause });
  }
}
