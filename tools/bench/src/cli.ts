// `npm run bench -- <name> [--rounds n] [--json]` ends here, on the repository's Node and after a build.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { parseBench } from './bench.ts';
import { discoverBenches, selectBench } from './discovery.ts';
import { describeMachine } from './machine.ts';
import { installPeers } from './peers.ts';
import { runRounds } from './rounds.ts';
import { formatResults } from './table.ts';

const USAGE = 'Usage: npm run bench -- <name> [--rounds n] [--json]';

interface Invocation {
  readonly name: string;
  readonly rounds: number | undefined;
  readonly json: boolean;
}

function parseInvocation(args: readonly string[]): Invocation {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string' }, json: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const [name, ...rest] = positionals;
  if (name === undefined || rest.length > 0) throw new RangeError('Expected one name of a bench');
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isSafeInteger(rounds) && rounds >= 1)) {
    throw new RangeError(`Expected --rounds to be an integer of at least 1, but found "${values.rounds}"`);
  }
  return { name, rounds, json: values.json };
}

async function main(args: readonly string[]): Promise<number> {
  const root = process.cwd();
  let invocation, found;
  try {
    invocation = parseInvocation(args);
    found = selectBench(discoverBenches(root), invocation.name);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    return 64;
  }
  installPeers(resolve(root, found.project));
  const module = (await import(pathToFileURL(resolve(root, found.path)).href)) as { default?: unknown };
  const bench = parseBench(module.default);
  const results = await runRounds(bench, {
    ...(invocation.rounds === undefined ? {} : { rounds: invocation.rounds }),
    onRound: showProgress,
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const machine = describeMachine();
  const command = ['npm run bench --', ...args].join(' ');
  const report = bench.report?.(results);
  await print(
    invocation.json
      ? `${JSON.stringify({ title: bench.title, unit: bench.unit, results, report, machine, command }, undefined, 2)}\n`
      : `${formatResults(bench, results, machine, command)}\n${report === undefined ? '' : `\n${report}\n`}`,
  );
  return 0;
}

function print(text: string): Promise<void> {
  return new Promise((resolvePrinted) => {
    process.stdout.write(text, () => {
      resolvePrinted();
    });
  });
}

function showProgress(caseName: string, round: number, rounds: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${caseName}: round ${round + 1} of ${rounds}`);
}

// An explicit exit: a process that an arm left running must not keep a finished bench alive.
process.exit(await main(process.argv.slice(2)));
