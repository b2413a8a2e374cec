// The program `input-sanitizer`.
import { createRequire } from 'node:module';
import { Command, CommanderError, Option } from 'commander';
import { printable, processConsole, type Console } from './commands/console.ts';
import { EXIT, UsageError } from './commands/exit.ts';
import { explainCommand } from './commands/explain.ts';
import { inspectCommand } from './commands/inspect.ts';
import { reencodeCommand } from './commands/reencode.ts';
import { SPEC_HELP } from './commands/spec-argument.ts';
import { tensorCommand, type TensorFlags } from './commands/tensor.ts';
import { videoCommand, type VideoFlags } from './commands/video.ts';
import { ISOLATION_LEVELS } from './video/confinement.ts';
import { DECODER_TIERS, type DecoderTier } from './wasm-tier.ts';

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
    .addOption(tierOption())
    .option('--json', 'one JSON document on stdout, and nothing else there', false)
    .action(async (path: string, flags: TensorFlags) => {
      status = await tensorCommand(path, flags, console);
    });

  program
    .command('reencode')
    .description('write the pixels anew, upright and on white, and nothing else of the file')
    .argument('<file>', 'a picture below the current folder, or an absolute path')
    .requiredOption('--out <file>', 'where it goes: .png and .webp lossless, .jpg or .jpeg')
    .addOption(tierOption())
    .option('--json', 'one JSON document on stdout, and nothing else there', false)
    .action(async (path: string, flags: { out: string; tier: DecoderTier; json: boolean }) => {
      status = await reencodeCommand(path, flags, console);
    });

  program
    .command('video')
    .description('make a tensor of each frame of a video and write their values, raw and little-endian')
    .argument('<file>', 'a video below the current folder, or an absolute path')
    .requiredOption('--spec <file>', 'JSON file with a video spec')
    .requiredOption(
      '--out-dir <folder>',
      'where the values go, 000000.bin for the first frame; must be there',
    )
    .option('--ffmpeg <path>', 'the ffmpeg that decodes', 'ffmpeg')
    .addOption(
      new Option('--require <level>', 'least isolation of ffmpeg')
        .choices(ISOLATION_LEVELS)
        .default('prlimit'),
    )
    .option('--json', 'one JSON document per frame on stdout, and nothing else there', false)
    .action(async (path: string, flags: VideoFlags) => {
      status = await videoCommand(path, flags, console);
    });

  program
    .command('explain')
    .description('say a spec in plain words')
    .argument('<spec>', `${SPEC_HELP}; or JSON file with a video spec`)
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

/** Of the package that this file is in, built or not. */
function readVersion(): string {
  const { version } = createRequire(import.meta.url)('../package.json') as { readonly version: string };
  return version;
}

function tierOption(): Option {
  return new Option('--tier <tier>', 'native codecs, or the same in WebAssembly')
    .choices(DECODER_TIERS)
    .default('inline');
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
