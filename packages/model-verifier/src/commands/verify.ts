import type { Signer } from '../oms/trust.ts';
import { verifyModel, type SignedModelEvidence } from '../oms/verify-model.ts';
import type { CommandLine } from './command-line.ts';
import { count } from './console.ts';
import { UsageError } from './exit.ts';
import {
  addModelOptions,
  asUsage,
  collect,
  progressLine,
  toIgnoredPaths,
  type ModelFlags,
} from './model-options.ts';
import { orRefused, printVerdict } from './print-verdict.ts';
import { addTrustOptions, hasTrustFlags, readTrust, type TrustFlags } from './trust-options.ts';

interface VerifyFlags extends ModelFlags, TrustFlags {
  readonly signature: readonly string[];
  readonly threshold?: string;
  readonly ignoreUnsignedFiles: boolean;
  readonly strict: boolean;
  readonly 'legacyV0.2': boolean;
  readonly logFingerprints: boolean;
  readonly json: boolean;
}

/** `verify <path>`: holds a model against its signatures. */
export function addVerifyCommand({ program, console, end }: CommandLine): void {
  const command = program
    .command('verify')
    .description('hold a model against its signature: who signed, and is it what they signed')
    .argument('<path>', 'a folder, or one file')
    .requiredOption('--signature <file>', 'the signature; may be repeated', collect)
    .option('--threshold <n>', 'different signers that must vouch for it (default: one a signature)')
    .option('--ignore-unsigned-files', 'let files be there that were not signed', false)
    .option('--allow-symlinks', 'links are followed if the signer did so, and never otherwise', false)
    .option('--strict', 'refuse what the schemas of version 1.0 refuse', false)
    .option('--legacy-v0.2', 'accept the format of version 0.2', false)
    .option('--log-fingerprints', 'print the SHA-256 of each certificate', false)
    .option('--json', 'the verdict as one JSON document', false);
  addModelOptions(addTrustOptions(command)).action(async (path: string, flags: VerifyFlags) => {
    const threshold = parseThreshold(flags.threshold);
    if (!hasTrustFlags(flags)) {
      throw new UsageError('say whom to trust: --public-key, --certificate-chain or --identity');
    }
    const verdict = await orRefused(async () => {
      const trust = await readTrust(flags);
      return asUsage(() =>
        verifyModel(path, {
          trust,
          signature: flags.signature,
          ...(threshold !== undefined && { threshold }),
          ignorePaths: toIgnoredPaths(path, flags.ignorePaths),
          ignoreGitPaths: flags.ignoreGitPaths,
          ignoreUnsignedFiles: flags.ignoreUnsignedFiles,
          strict: flags.strict,
          legacyV02: flags['legacyV0.2'],
          onProgress: progressLine(console),
        }),
      );
    });
    end(printVerdict(console, path, verdict, flags.json, (evidence) => describeEvidence(evidence, flags)));
  });
}

function parseThreshold(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new UsageError('--threshold is a number of signers, 1 or more');
  return Number(text);
}

function describeEvidence(evidence: SignedModelEvidence | null, { logFingerprints }: VerifyFlags): string[] {
  if (evidence === null) return [];
  const bytes = evidence.files.reduce((sum, file) => sum + file.bytes, 0);
  const [root] = evidence.signatures.flatMap(({ rootDigest }) => rootDigest ?? []);
  return [
    ...evidence.signers.flatMap((signer) => [
      `signer  ${describeSigner(signer)}`,
      ...(logFingerprints ? (signer.fingerprints ?? []).map((hex) => `certificate  sha256:${hex}`) : []),
    ]),
    ...(root === undefined || evidence.files.length === 0
      ? []
      : [`root    sha256:${root}`, `files   ${count(evidence.files.length)}, ${count(bytes)} bytes`]),
  ];
}

function describeSigner({ method, id, identity, issuer }: Signer): string {
  if (method === 'sigstore') return `${identity ?? ''}, certified by ${issuer ?? ''}`;
  return identity === undefined ? `${method} ${id}` : `${identity.replaceAll('\n', ', ')}  ${id}`;
}
