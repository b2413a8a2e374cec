import { basename } from 'node:path';
import type { Command } from 'commander';
import { writeFileAtomic } from '../atomic-file.ts';
import { ModelError, systemCode } from '../errors.ts';
import { MAX_BUNDLE_BYTES, parseBundle } from '../oms/bundle.ts';
import { signModel } from '../oms/sign-model.ts';
import { signWithCertificate, signWithKey, type ModelSigner } from '../oms/signer.ts';
import type { CommandLine } from './command-line.ts';
import { printable } from './console.ts';
import { UsageError } from './exit.ts';
import { readKeyFile } from './key-file.ts';
import { addModelOptions, asUsage, progressLine, toIgnoredPaths, type ModelFlags } from './model-options.ts';
import { readNamedFile } from './named-file.ts';
import {
  addSerializationOptions,
  parseSerialization,
  type SerializationFlags,
} from './serialization-options.ts';

interface SignFlags extends ModelFlags, SerializationFlags {
  readonly signature: string;
  readonly privateKey: string;
  readonly password?: string;
  readonly signingCertificate?: string;
  readonly certificateChain?: readonly string[];
  readonly json: boolean;
}

/** `sign key <path>` and `sign certificate <path>`: hash a model and write the signature. */
export function addSignCommand(line: CommandLine): void {
  const sign = line.program.command('sign').description('hash a model and sign what it consists of');
  addSignOptions(sign.command('key').description('sign with a private key')).action(
    async (path: string, flags: SignFlags) => {
      const key = await readKeyFile(flags.privateKey);
      await signWith(line, path, flags, signWithKey(key, passphraseOf(flags)));
    },
  );
  addSignOptions(
    sign.command('certificate').description('sign with a private key and the certificate for it'),
  )
    .requiredOption('--signing-certificate <file>', 'certificate for the private key, PEM or DER')
    .option('--certificate-chain <file...>', 'certificates up to the root, PEM or DER')
    .action(async (path: string, flags: SignFlags) => {
      const key = await readKeyFile(flags.privateKey);
      const files = [flags.signingCertificate!, ...(flags.certificateChain ?? [])];
      const chain = await Promise.all(files.map(readKeyFile));
      await signWith(line, path, flags, signWithCertificate(key, chain, passphraseOf(flags)));
    });
}

function addSignOptions(command: Command): Command {
  command
    .argument('<path>', 'a folder, or one file')
    .option('--signature <file>', 'where the signature goes', 'model.sig')
    .requiredOption('--private-key <file>', 'PEM, on P-256, P-384 or P-521')
    .option('--password <text>', 'of an encrypted key; better in MODEL_VERIFIER_PASSWORD')
    .option('--allow-symlinks', 'follow links that stay inside the model', false)
    .option('--json', 'one JSON document on stdout, and nothing else there', false);
  return addSerializationOptions(addModelOptions(command));
}

function passphraseOf({ password = process.env['MODEL_VERIFIER_PASSWORD'] }: SignFlags): {
  passphrase?: string;
} {
  return password === undefined ? {} : { passphrase: password };
}

async function signWith(
  { console }: CommandLine,
  path: string,
  flags: SignFlags,
  signer: ModelSigner,
): Promise<void> {
  await checkReplaceable(flags.signature);
  const { bundle, manifest } = await asUsage(() =>
    signModel(path, signer, {
      ...parseSerialization(flags),
      signature: flags.signature,
      ignorePaths: toIgnoredPaths(path, flags.ignorePaths),
      ignoreGitPaths: flags.ignoreGitPaths,
      allowSymlinks: flags.allowSymlinks,
      onProgress: progressLine(console),
    }),
  );
  await writeSignature(flags.signature, bundle);
  const { rootDigest, resources } = manifest;
  if (flags.json) {
    console.print(JSON.stringify({ signature: flags.signature, rootDigest, resources: resources.length }));
  } else {
    console.print(`${printable(flags.signature)}  sha256:${rootDigest}, ${resources.length} resources`);
  }
}

/** A signature may be made anew; any other file that is there, a model or a key, stays. */
async function checkReplaceable(path: string): Promise<void> {
  try {
    parseBundle(await readNamedFile(path, MAX_BUNDLE_BYTES));
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return;
    throw new UsageError('expected --signature to be a new file or an earlier signature', { cause });
  }
}

async function writeSignature(path: string, bundle: string): Promise<void> {
  try {
    await writeFileAtomic(path, bundle);
  } catch (cause) {
    throw new ModelError('ERR_MODEL_UNREADABLE', 'the signature could not be written', {
      cause,
      path: basename(path),
    });
  }
}
