import { openPolicy } from '../policy/policy.ts';
import { fetchModel, type FetchedModel } from '../source/fetch.ts';
import { verdictOf } from '../verdict.ts';
import type { CommandLine } from './command-line.ts';
import { count } from './console.ts';
import { readKeyFile } from './key-file.ts';
import { collect, progressLine } from './model-options.ts';
import { orRefused, printVerdict } from './print-verdict.ts';

interface FetchFlags {
  readonly lock: string;
  readonly policy: string;
  readonly ca?: readonly string[];
  readonly frozen: boolean;
  readonly replace: boolean;
  readonly addedBy?: string;
  readonly json: boolean;
}

/** `fetch <name...>`: download what the lock lists, from where the policy allows. */
export function addFetchCommand({ program, console, end }: CommandLine): void {
  program
    .command('fetch')
    .description('download models of the lock, verify them, and put them in their place')
    .argument('<name...>', 'models or candidates of the lock')
    .requiredOption('--policy <file>', 'where models may come from')
    .option('--lock <file>', 'the lock', 'models.lock')
    .option('--ca <file>', 'certificate authority to trust instead of the usual ones, PEM', collect)
    .option('--frozen', 'pin no candidate: for CI', false)
    .option('--replace', 'replace a file that is there with other bytes', false)
    .option('--added-by <name>', 'who pins a candidate')
    .option('--json', 'one JSON document on stdout, and nothing else there', false)
    .action(async (names: string[], flags: FetchFlags) => {
      const verdict = await orRefused(async () => {
        const policy = await openPolicy(flags.policy);
        const ca = await Promise.all((flags.ca ?? []).map(readKeyFile));
        const fetched: FetchedModel[] = [];
        for (const name of names) {
          const progress = progressLine(console);
          fetched.push(
            await fetchModel(flags.lock, name, policy, {
              frozen: flags.frozen,
              replace: flags.replace,
              ...(ca.length > 0 && { ca: ca.map(String) }),
              ...(flags.addedBy !== undefined && { addedBy: flags.addedBy }),
              onProgress: (_, received, total) => {
                progress(received, total);
              },
            }),
          );
        }
        return verdictOf([], fetched);
      });
      end(
        printVerdict(console, names.join(', '), verdict, flags.json, (models) =>
          (models ?? []).flatMap(describe),
        ),
      );
    });
}

function describe({ name, files, pinned }: FetchedModel): readonly string[] {
  return [
    ...files.map(
      ({ path, bytes, sha256, downloaded }) =>
        `${downloaded ? 'downloaded' : 'was there  '}  ${path}  ${count(bytes)} bytes  sha256:${sha256}`,
    ),
    ...(pinned ? [`pinned      ${name}: its digests are in the lock now, review them`] : []),
  ];
}
