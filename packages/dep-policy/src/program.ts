import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { COMMAND_GROUPS, COMMANDS } from './commands/command-shapes.ts';
import type { CommandShape } from './commands/command-shapes.ts';
import { UsageError } from './commands/console.ts';
import type { Console } from './commands/console.ts';
import { printable } from './printable.ts';
import { EXIT_CODES } from './scan/report.ts';

/**
 * Runs the command line `dep-policy …` to its end. Commands are loaded when they are asked for.
 *
 * @param argv - The words after the program's name.
 * @returns The exit status, one of {@link EXIT_CODES}.
 */
export async function runProgram(argv: readonly string[], console: Console): Promise<number> {
  let status: number = EXIT_CODES.clean;
  const program = new Command('dep-policy')
    .description("One verdict over a project's dependencies, npm and Python.")
    .version(readVersion(), '--version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        console.print(text.trimEnd());
      },
      writeErr: (text) => {
        console.complain(
          text
            .trimEnd()
            .split('\n')
            .map((line) => printable(line, 300))
            .join('\n'),
        );
      },
    })
    .showHelpAfterError('(dep-policy --help shows what there is)')
    .addHelpText(
      'after',
      '\nExit status: 0 clean, 1 failed with a fix, 2 failed without a fix, 3 incomplete, 4 integrity or source,\n5 pin, 6 update refused, 64 wrong use, 70 failed.',
    );
  const groups = new Map<string, Command>();
  for (const shape of reachable(argv)) {
    const words = shape.name.split(' ');
    const [group] = words;
    let parent = program;
    if (words.length > 1 && group !== undefined) {
      parent = groups.get(group) ?? program.command(group).description(COMMAND_GROUPS.get(group) ?? '');
      groups.set(group, parent);
    }
    addCommand(parent, words.at(-1)!, shape, console, (code) => (status = code));
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return status;
  } catch (error) {
    return complain(error, console);
  }
}

/** Where the first word is a command's, no other one can be meant: the rest need not be there. */
function reachable([first]: readonly string[]): readonly CommandShape[] {
  const asked = COMMANDS.filter(({ name }) => name === first || name.startsWith(`${first} `));
  return asked.length === 0 ? COMMANDS : asked;
}

function addCommand(
  parent: Command,
  word: string,
  shape: CommandShape,
  console: Console,
  end: (status: number) => void,
): void {
  const { description, argument, options } = shape;
  const command = parent.command(word).description(description);
  if (argument !== undefined) command.argument(...argument);
  for (const { flags, description: text, rule } of options) {
    if (rule === 'required') command.requiredOption(flags, text);
    else if (rule === 'false') command.option(flags, text, false);
    else command.option(flags, text);
  }
  command.action(async () => {
    end(await shape.run(command.opts(), console, command.args[0] ?? ''));
  });
}

/** Of the package that this file is in, built or not. */
function readVersion(): string {
  const { version } = createRequire(import.meta.url)('../package.json') as { readonly version: string };
  return version;
}

function complain(error: unknown, console: Console): number {
  // Commander has already printed its own complaint, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.clean : EXIT_CODES.usage;
  if (error instanceof UsageError) {
    console.complain(`dep-policy: ${printable(error.message, 300)}`);
    return EXIT_CODES.usage;
  }
  console.complain('dep-policy: failed');
  return EXIT_CODES.internal;
}
