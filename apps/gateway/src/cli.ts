import { createRequire } from 'node:module';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { analyzeCommand } from './analyze-command.ts';
import type { GatewayConfigInput } from './config.ts';
import { processConsole, type Console } from './console.ts';
import { EXIT, StartError } from './errors.ts';
import { PIPELINE_NAMES, type PipelineName } from './pipelines/catalogue.ts';
import { tourCommand } from './tour-command.ts';
import { printable } from './wording.ts';

/** Settings of a run that no flag can change; tests open the gateway on a worker or a repository of their own. */
export type RunOverrides = Partial<Pick<GatewayConfigInput, 'worker' | 'root' | 'memoryMb'>>;

// The same from src and from dist: both lie beside the manifest.
const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

interface CommonFlags {
  readonly models?: string;
  readonly workers?: number;
  readonly timeoutMs?: number;
}

/**
 * Runs the command line `sallyport …` to its end.
 *
 * @param argv - The words after the program's name.
 * @returns The exit status, one of {@link EXIT}.
 */
export async function runCli(
  argv: readonly string[],
  { console = processConsole(), overrides = {} }: { console?: Console; overrides?: RunOverrides } = {},
): Promise<number> {
  let status: number = EXIT.done;
  const program = new Command('sallyport')
    .description(
      'Runs computer-vision models on pictures from strangers, each in a killable process of its own.',
    )
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        console.print(text.trimEnd());
      },
      writeErr: (text) => {
        // It repeats words of the command line, which may be names of a stranger's files.
        console.complain(text.trimEnd().split('\n').map(printable).join('\n'));
      },
    })
    .showHelpAfterError('(sallyport --help shows what there is)');

  withCommonFlags(program.command('analyze'))
    .description('analyse pictures and print what was found')
    .addArgument(new Argument('<pipeline>', 'what to look for').choices(PIPELINE_NAMES))
    .argument('<image...>', 'JPEG, PNG or WebP files below the current folder, or absolute paths')
    .option('--json', 'one JSON document per picture on stdout, and nothing else there', false)
    .option('--render <folder>', 'write annotated pictures there')
    .addOption(new Option('--top-k <n>', 'labels to print').argParser(integer(1, 100)).default(5))
    .action(
      async (
        pipeline: PipelineName,
        paths: string[],
        flags: CommonFlags & { json: boolean; render?: string; topK: number },
      ) => {
        const { json, render, topK } = flags;
        const command = {
          pipeline,
          paths,
          json,
          topK,
          ...(render !== undefined && { render }),
          config: toConfig(flags, overrides),
        };
        status = await analyzeCommand(command, console);
      },
    );

  withCommonFlags(program.command('tour'))
    .description('analyse every picture of a folder with every pipeline; this is what `npm start` runs')
    .argument('<folder>', 'folder with pictures')
    .option('--out <folder>', 'where annotated pictures and receipts go', 'out')
    .action(async (folder: string, flags: CommonFlags & { out: string }) => {
      status = await tourCommand({ folder, out: flags.out, config: toConfig(flags, overrides) }, console);
    });

  try {
    await program.parseAsync(argv, { from: 'user' });
    return status;
  } catch (error) {
    return explain(error, console);
  }
}

function withCommonFlags(command: Command): Command {
  return command
    .option('--models <folder>', 'folder with models.lock and the models it lists')
    .addOption(new Option('--workers <n>', 'pictures analysed at the same time').argParser(integer(1, 64)))
    .addOption(new Option('--timeout-ms <ms>', 'deadline of one picture').argParser(integer(1, 600_000)));
}

function toConfig(
  { models, workers, timeoutMs }: CommonFlags,
  overrides: RunOverrides,
): Omit<GatewayConfigInput, 'pipelines'> {
  return {
    ...(models !== undefined && { models }),
    ...(workers !== undefined && { workers }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...overrides,
  };
}

function integer(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`Expected an integer from ${minimum} to ${maximum}.`);
  };
}

function explain(error: unknown, console: Console): number {
  // Commander has already printed its own complaint, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof StartError) {
    console.complain(`sallyport did not start: ${error.code}: ${printable(error.message)}`);
    for (const { rule, file, line, message } of error.report?.violations.slice(0, 10) ?? []) {
      console.complain(printable(`  ${rule}  ${file}${line === undefined ? '' : `:${line}`}  ${message}`));
    }
    return error.status;
  }
  console.complain('sallyport failed: ERR_GATEWAY_INTERNAL');
  return EXIT.internal;
}
