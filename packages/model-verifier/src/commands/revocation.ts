import { basename, dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { writeFileAtomic } from '../atomic-file.ts';
import { ModelError } from '../errors.ts';
import { hashOnce } from '../regular-file.ts';
import { signRevocationList } from '../revocation/envelope.ts';
import { parseRevocationDocument } from '../revocation/list.ts';
import { findRevoked, openRevocationList, type RevocationList } from '../revocation/revocation.ts';
import { verdictOf, type Verdict } from '../verdict.ts';
import type { CommandLine } from './command-line.ts';
import { count } from './console.ts';
import { UsageError } from './exit.ts';
import { readKeyFile } from './key-file.ts';
import { collect } from './model-options.ts';
import { orRefused, printVerdict } from './print-verdict.ts';
import { readTextFile } from './text-file.ts';

const MAX_LIST_BYTES = 64 * 1024 * 1024;

interface ListFlags {
  readonly publicKey: readonly string[];
  readonly threshold: string;
  readonly graceSeconds: string;
  readonly state?: string;
  readonly json: boolean;
}

interface SignFlags {
  readonly privateKey: readonly string[];
  readonly out: string;
  readonly json: boolean;
}

/** `revocation sign`, `revocation verify` and `revocation check`. */
export function addRevocationCommand({ program, console, end }: CommandLine): void {
  const revocation = program.command('revocation').description('what must not be used any more, signed');
  const json = ['--json', 'one JSON document on stdout, and nothing else there', false] as const;

  revocation
    .command('sign')
    .description('sign a list')
    .argument('<list>', 'JSON: listFormat, name, version, issuedAt, expiresAt, entries')
    .requiredOption('--private-key <file>', 'PEM, on P-256, P-384 or P-521; each adds a signature', collect)
    .requiredOption('--out <file>', 'where the signed list goes')
    .option(...json)
    .action(async (path: string, flags: SignFlags) => {
      const verdict = await orRefused(async () => {
        const document = parseRevocationDocument(await readTextFile(path, MAX_LIST_BYTES));
        const keys = await Promise.all(flags.privateKey.map(readKeyFile));
        await writeFileAtomic(flags.out, signRevocationList(document, keys)).catch((cause: unknown) => {
          if (cause instanceof ModelError) throw cause;
          throw new ModelError('ERR_MODEL_UNREADABLE', 'the signed list could not be written', { cause });
        });
        return verdictOf([], document);
      });
      end(
        printVerdict(console, flags.out, verdict, flags.json, (document) =>
          document === null ? [] : [`list  ${document.name} version ${document.version}`],
        ),
      );
    });

  addListOptions(
    revocation
      .command('verify')
      .description('say whether a list is signed, fresh and not older than one seen before')
      .argument('<list>', 'a signed list'),
  ).action(async (path: string, flags: ListFlags) => {
    end(printVerdict(console, path, await judge(path, [], flags), flags.json, describe));
  });

  addListOptions(
    revocation
      .command('check')
      .description('say whether files, digests or keys are revoked')
      .argument('<list>', 'a signed list')
      .argument('<what...>', 'a file, or sha256:<hex> of bytes or of a key'),
  ).action(async (path: string, subjects: string[], flags: ListFlags) => {
    end(printVerdict(console, path, await judge(path, subjects, flags), flags.json, describe));
  });
}

function addListOptions(command: Command): Command {
  return command
    .requiredOption('--public-key <file>', 'a key that may sign it, PEM or DER', collect)
    .option('--threshold <number>', 'different keys that must have signed it', '1')
    .option('--grace-seconds <number>', 'seconds after its expiry for which it is still good', '0')
    .option('--state <file>', 'remembers the newest list seen, against rollback')
    .option('--json', 'one JSON document on stdout, and nothing else there', false);
}

/** A digest may be one of bytes or of a key: nobody revokes the one and means the other. */
function judge(
  path: string,
  subjects: readonly string[],
  flags: ListFlags,
): Promise<Verdict<RevocationList | null>> {
  return orRefused(async () => {
    const list = await openList(path, flags);
    const digests = await Promise.all(subjects.map(digestOf));
    return verdictOf(findRevoked(list, { digests, signers: digests.map((id) => ({ id })) }), list);
  });
}

async function openList(path: string, { publicKey, state, ...flags }: ListFlags): Promise<RevocationList> {
  return openRevocationList(path, {
    keys: await Promise.all(publicKey.map(readKeyFile)),
    threshold: parseNumber(flags.threshold, '--threshold', 1),
    graceSeconds: parseNumber(flags.graceSeconds, '--grace-seconds', 0),
    ...(state !== undefined && { statePath: state }),
  });
}

function describe(list: RevocationList | null): readonly string[] {
  if (list === null) return [];
  const { name, version, expiresAt, entries } = list.document;
  return [
    `list     ${name} version ${version}, ${count(entries.length)} entries, good until ${expiresAt}`,
    ...list.signers.map((signer) => `signer   ${signer}`),
  ];
}

async function digestOf(subject: string): Promise<string> {
  if (/^sha256:[0-9a-f]{64}$/.test(subject)) return subject;
  const path = resolve(subject);
  const { sha256 } = await hashOnce(dirname(path), basename(path), {
    maxBytes: Number.MAX_SAFE_INTEGER,
  }).catch((cause: unknown) => {
    const why = cause instanceof ModelError ? `: ${cause.message}` : '';
    const message = `the file could not be read${why}`;
    throw new ModelError('ERR_MODEL_UNREADABLE', message, { cause, path: basename(path) });
  });
  return `sha256:${sha256.toString('hex')}`;
}

function parseNumber(text: string, option: string, minimum: number): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < minimum) {
    throw new UsageError(`${option} is a number, ${minimum} or more`);
  }
  return Number(text);
}
