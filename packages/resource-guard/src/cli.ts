// The program `resource-guard`.
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { processConsole, type Console } from './commands/console.ts';
import { EXIT, UsageError } from './commands/exit.ts';
import { overloadCommand, type OverloadFlags } from './commands/overload.ts';
import { probeCommand, type ProbeFlags } from './commands/probe.ts';
import { ResourceError } from './errors.ts';

process.exitCode = await runCli(process.argv.slice(2), processConsole());

/**
 * Runs the command line `resource-guard …` to its end.
 *
 * @param argv - The words after the program's name.
 * @returns The exit status, one of {@link EXIT}.
 */
async function runCli(argv: readonly string[], console: Console): Promise<number> {
  let status: number = EXIT.held;
  const program = new Command('resource-guard')
    .description('Limits that really hold: what this machine can enforce, and how a server takes overload.')
    .version(readVersion(), '--version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        console.print(text.trimEnd());
      },
      writeErr: (text) => {
        console.complain(text.trimEnd());
      },
    })
    .showHelpAfterError('(resource-guard --help shows what there is)')
    .addHelpText('after', '\nExit status: 0 held, 1 not enforced, 64 wrong use, 70 failed.');

  program
    .command('probe')
    .description('print what this machine enforces, and prove it with hostile tasks')
    .option('--require <control...>', 'controls that must hold: network, memory:rlimit-data, …', [])
    .option('--sandbox <kind>', 'best, or off to see what holds without one', 'best')
    .option('--json', 'one JSON document on stdout, and nothing else there', false)
    .action(async (flags: ProbeFlags) => {
      status = await probeCommand(flags, console);
    });

  program
    .command('overload')
    .description('measure what a server on this machine can do, then send it multiples of that')
    .argument('<url>', 'an http: address on this machine')
    .option('--per-second <n>', 'requests per second at 1x (default: measured)')
    .option('--times <list>', 'multiples, one after the other', '1,2,5,10')
    .option('--seconds <n>', 'length of each load', '3')
    .option('--deadline-ms <n>', 'when a client gives up', '1000')
    .option('--body-bytes <n>', 'random bytes to send with each request', '0')
    .option('--body <file>', 'file to send with each request')
    .option('--header <field...>', 'header field of each request: "name: value"', [])
    .option('--json', 'one JSON document on stdout, and nothing else there', false)
    .action(async (url: string, flags: OverloadFlags) => {
      status = await overloadCommand(url, flags, console);
    });

  try {
    await program.parseAsync(argv, { from: 'user' });
    return status;
  } catch (error) {
    return complain(error, console);
  }
}

function complain(error: unknown, console: Console): number {
  // Commander has already printed its own complaint, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.held : EXIT.usage;
  if (error instanceof UsageError) {
    console.complain(`resource-guard: ${error.message}`);
    return EXIT.usage;
  }
  const reason = error instanceof ResourceError ? `${error.code}: ${error.message}` : 'failed';
  console.complain(`resource-guard: ${reason}`);
  return EXIT.internal;
}

/** Of the package that this file is built into: `dist` and `src` lie equally deep. */
function readVersion(): string {
  const { version } = createRequire(import.meta.url)('../package.json') as { readonly version: string };
  return version;
}
