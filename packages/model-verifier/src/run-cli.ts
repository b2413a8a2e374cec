import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import type { CommandLine } from './commands/command-line.ts';
import { addDigestCommand } from './commands/digest.ts';
import { addFetchCommand } from './commands/fetch.ts';
import { addJournalCommand } from './commands/journal.ts';
import { addLockCommand } from './commands/lock.ts';
import { addRevocationCommand } from './commands/revocation.ts';
import { addInspectCommand } from './commands/inspect.ts';
import { addSignCommand } from './commands/sign.ts';
import { addVerifyCommand } from './commands/verify.ts';
import { printable, type Console } from './commands/console.ts';
import { EXIT, exitOf, UsageError } from './commands/exit.ts';
import { ModelError } from './errors.ts';

/** Every command, in the order of `--help`. */
const COMMANDS: readonly ((line: CommandLine) => void)[] = [
  addVerifyCommand,
  addSignCommand,
  addDigestCommand,
  addLockCommand,
  addFetchCommand,
  addRevocationCommand,
  addJournalCommand,
  addInspectCommand,
];

/**
 * Runs the command line `model-verifier …` to its end.
 *
 * @param argv - The words after the program's name.
 * @returns The exit status, one of {@link EXIT}.
 */
export async function runCli(argv: readonly string[], console: Console): Promise<number> {
  let status: number = EXIT.verified;
  const program = new Command('model-verifier')
    .description('Nothing is loaded that was not verified, and what was verified is what is loaded.')
    .version(readVersion(), '--version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        console.print(text.trimEnd());
      },
      writeErr: (text) => {
        console.complain(text.trimEnd().split('\n').map(printable).join('\n'));
      },
    })
    .showHelpAfterError('(model-verifier --help shows what there is)')
    .addHelpText(
      'after',
      '\nExit status: 0 verified, 1 refused, 2 unreadable or malformed, 64 wrong use, 70 failed.',
    );
  const end = (code: number): void => {
    status = code;
  };
  for (const addCommand of COMMANDS) addCommand({ program, console, end });

  try {
    await program.parseAsync(withDashes(argv), { from: 'user' });
    return status;
  } catch (error) {
    return complain(error, console);
  }
}

/** Of the package that this file is built into: `dist` and `src` lie equally deep. */
function readVersion(): string {
  const { version } = createRequire(import.meta.url)('../package.json') as { readonly version: string };
  return version;
}

/** The reference tool spells some options with underscores: `--public_key` is `--public-key`. Behind `--` stand names. */
function withDashes(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  return argv.map((word, index) =>
    end !== -1 && index > end ? word : word.replace(/^--[a-z_]+/, (name) => name.replaceAll('_', '-')),
  );
}

function complain(error: unknown, console: Console): number {
  // Commander has already printed its own complaint, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.verified : EXIT.usage;
  if (error instanceof UsageError) {
    console.complain(`model-verifier: ${printable(error.message)}`);
    return EXIT.usage;
  }
  if (error instanceof ModelError) {
    console.complain(`model-verifier: ${error.code}: ${printable(error.message)}`);
    return exitOf(error);
  }
  console.complain('model-verifier: failed');
  return EXIT.internal;
}
