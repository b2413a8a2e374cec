// The program `input-sanitizer`.
import { Command, CommanderError } from 'commander';
import { printable, processConsole, type Console } from './commands/console.ts';
import { EXIT, UsageError } from './commands/exit.ts';
import { explainCommand } from './commands/explain.ts';
import { inspectCommand } from './commands/inspect.ts';
import { reencodeCommand } from './commands/reencode.ts';
import { SPEC_HELP } from './commands/spec-argument.ts';
import { tensorCommand, type TensorFlags } from './commands/tensor.ts';

process.exitCode = await runCli(process.argv.slice(2), processConsole());

/**
 * Runs the command line `input-sanitizer …` to its end.
 *
 * @param argv - The words after the program's name.
 * @returns The exit status, one of {@link EXIT}.
 */
async function runCli(argv: readonly string[], console: Console): Promise<number> {
  let status: number = EXIT.accepted;
  const program = new Command('input-sanitizer')
    .description("Turns a stranger's picture into a model's tensor, or into a coded refusal.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        console.print(text.trimEnd());
      },
      writeErr: (text) => {
        console.complain(text.trimEnd().split('\n').map(printable).join('\n'));
      },
    })
    .showHelpAfterError('(input-sanitizer --help shows what there is)')
    .addHelpText('after', '\nExit status: 0 accepted, 2 refused, 64 wrong use, 70 failed.');

  program
    .command('inspect')
    .description('read headers and print them; nothing is decoded')
    .argument('<file...>', 'pictures below the current folder, or absolute paths')
    .option('--spec <spec>', `hold them against a ${SPEC_HELP}`)
    .option('--json', 'one JSON document per picture on stdout, and nothing else there', false)
    .action(async (paths: string[], flags: { spec?: string; json: boolean }) => {
      status = await inspectCommand(paths, flags, console);
    });

  program
    .command('tensor')
    .description('make a tensor and write its values, raw and little-endian')
    .argument('<file>', 'a picture below the current folder, or an absolute path')
    .requiredOption('--spec <spec>', SPEC_HELP)
    .requiredOption('--out <file>', 'where the values go')
    .option('--u8 <file.png>', 'where the pixels go, as they are before scale, mean and std')
    .option('--json', 'one JSON document on stdout, and nothing else there', false)
    .action(async (path: string, flags: TensorFlags) => {
      status = await tensorCommand(path, flags, console);
    });

  program
    .command('reencode')
    .description('write the pixels anew, upright and on white, and nothing else of the file')
    .argument('<file>', 'a picture below the current folder, or an absolute path')
    .requiredOption('--out <file>', 'where it goes: .png and .webp lossless, .jpg or .jpeg')
    .option('--json', 'one JSON document on stdout, and nothing else there', false)
    .action(async (path: string, flags: { out: string; json: boolean }) => {
      status = await reencodeCommand(path, flags, console);
    });

  program
    .command('explain')
    .description('say a spec in plain words')
    .argument('<spec>', SPEC_HELP)
    .option('--json', 'the complete spec and its hash as one JSON document', false)
    .action(async (argument: string, flags: { json: boolean }) => {
      status = await explainCommand(argument, flags, console);
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
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.accepted : EXIT.usage;
  if (error instanceof UsageError) {
    console.complain(`input-sanitizer: ${printable(error.message)}`);
    return EXIT.usage;
  }
  console.complain('input-sanitizer: failed');
  return EXIT.internal;
}
