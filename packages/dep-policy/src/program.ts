import { Command, CommanderError } from 'commander';
import { UsageError } from './commands/console.ts';
import type { CheckFlags } from './commands/check.ts';
import type { Console } from './commands/console.ts';
import type { ExplainFlags } from './commands/explain.ts';
import type { FixFlags } from './commands/fix.ts';
import type { NoteFlags } from './commands/ledger.ts';
import type { LockFlags, PinFlags } from './commands/locks.ts';
import type { ScanFlags } from './commands/scan.ts';
import type { StageFlags, UpdateFlags } from './commands/updates.ts';
import { printable } from './printable.ts';
import { EXIT_CODES } from './scan/report.ts';

const DB = 'an index, or a zip, folder or .ndjson of OSV records';

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

  program
    .command('scan')
    .description('match everything that is locked against advisories')
    .option(
      '--lockfile <file...>',
      'lockfiles of npm, pnpm, Yarn, pip, uv, Poetry, PDM, Pipenv; default: those here',
    )
    .option('--format <format>', 'what the lockfiles are, if their names do not say it')
    .option('--db <path>', `advisories: ${DB}`)
    .option('--online <service>', 'advisories of a service instead: osv, or npm (npm packages only)')
    .option('--url <url>', "the service's address, if it is not the public one")
    .option(
      '--focus <package...>',
      'packages or presets (gluon-cv, onnxruntime) to show first, with all beneath them',
    )
    .option('--max-age <days>', 'how old advisories may be; default 7')
    .option('--max-paths <count>', 'introducing paths listed per finding; default 5')
    .option('--epss <file>', 'EPSS scores, the CSV of FIRST')
    .option('--kev <file>', 'known exploited vulnerabilities, the JSON of CISA')
    .option(
      '--policy <file>',
      'policy file; default: dep-policy.json or dep-policy.yaml here, if there is one',
    )
    .option('--vex <file...>', 'OpenVEX documents that you trust')
    .option('--base <report>', 'what scan --json printed before: only what is new fails')
    .option('--json', 'one JSON document on stdout, and nothing else there', false)
    .option('--sarif', 'the same as SARIF 2.1.0')
    .option('--markdown', 'the same as Markdown')
    .option('--cyclonedx', 'a CycloneDX 1.6 bill of materials with vulnerabilities')
    .option('--openvex <author>', 'OpenVEX statements of that author')
    .action(async (flags: ScanFlags) => {
      const { scanCommand } = await import('./commands/scan.ts');
      status = await scanCommand(flags, console);
    });

  addLockCommands(program, (code) => (status = code), console);
  addProjectCommands(program, (code) => (status = code), console);
  addUpdateCommands(program, (code) => (status = code), console);

  const index = program.command('index').description('build or describe an index of advisories');
  index
    .command('build')
    .description('build an index from OSV records')
    .requiredOption('--from <path...>', 'zips, folders, .ndjson, .jsonl or .json files with OSV records')
    .requiredOption('--out <file>', 'where the index goes')
    .option('--as-of <time>', 'how old the data is; default: when the oldest source was changed')
    .option('--json', 'one JSON document on stdout, and nothing else there', false)
    .action(async (flags: { from: string[]; out: string; asOf?: string; json: boolean }) => {
      const { indexBuildCommand } = await import('./commands/index-command.ts');
      status = await indexBuildCommand(flags, console);
    });
  index
    .command('info')
    .description('check every hash of an index and say what is in it')
    .argument('<index>', 'an index')
    .option('--json', 'one JSON document on stdout, and nothing else there', false)
    .action(async (path: string, flags: { json: boolean }) => {
      const { indexInfoCommand } = await import('./commands/index-command.ts');
      status = await indexInfoCommand(path, flags, console);
    });

  program
    .command('explain')
    .description('make a finding again and show every comparison behind it')
    .argument('<finding>', 'its id, as scan prints it')
    .option('--db <path>', `advisories: ${DB}`)
    .option('--online <service>', 'advisories of a service instead: osv or npm')
    .option('--url <url>', "the service's address, if it is not the public one")
    .option('--report <file>', 'what scan --json printed: digest and evidence must be the same')
    .option('--json', 'one JSON document on stdout, and nothing else there', false)
    .action(async (id: string, flags: ExplainFlags) => {
      const { explainCommand } = await import('./commands/explain.ts');
      status = await explainCommand(id, flags, console);
    });

  try {
    await program.parseAsync(argv, { from: 'user' });
    return status;
  } catch (error) {
    return complain(error, console);
  }
}

function addLockCommands(program: Command, end: (status: number) => void, console: Console): void {
  const named = (command: Command): Command =>
    command
      .option(
        '--lockfile <file...>',
        'lockfiles below this folder; default: those of the policy, or those here',
      )
      .option(
        '--policy <file>',
        'policy file; default: dep-policy.json or dep-policy.yaml here, if there is one',
      )
      .option('--json', 'one JSON document on stdout, and nothing else there', false);
  named(program.command('pins'))
    .description('check that what is asked for is exact, locked, and what the lock has')
    .option('--sarif', 'the same as SARIF 2.1.0')
    .option('--write', 'first pin direct npm dependencies to what the lock has')
    .option('--hashed <file>', "write Python packages as a file for pip's --require-hashes")
    .option('--artifacts <folder>', 'wheels and sdists whose hashes to take where the lock has none')
    .action(async (flags: PinFlags) => {
      const { pinsCommand } = await import('./commands/locks.ts');
      end(await pinsCommand(flags, console));
    });
  named(program.command('integrity'))
    .description('check hashes, sources, scripts at installation and the settings of the tools')
    .option('--sarif', 'the same as SARIF 2.1.0')
    .action(async (flags: LockFlags) => {
      const { integrityCommand } = await import('./commands/locks.ts');
      end(await integrityCommand(flags, console));
    });
  named(program.command('verify'))
    .description('compare downloaded tarballs and wheels with the locks, byte by byte')
    .argument('<folder>', 'where npm pack or pip download has put them')
    .action(async (folder: string, flags: LockFlags) => {
      const { verifyCommand } = await import('./commands/locks.ts');
      end(await verifyCommand(folder, flags, console));
    });
}

function addProjectCommands(program: Command, end: (status: number) => void, console: Console): void {
  const json = ['--json', 'one JSON document on stdout, and nothing else there', false] as const;
  program
    .command('check')
    .description('check everything, for one verdict: advisories, pins, integrity, exceptions, ledger')
    .option(
      '--lockfile <file...>',
      'lockfiles below this folder; default: those of the policy, or those here',
    )
    .option(
      '--policy <file>',
      'policy file; default: dep-policy.json or dep-policy.yaml here, if there is one',
    )
    .option('--db <path>', `advisories: ${DB}`)
    .option('--online <service>', 'advisories of a service instead: osv, or npm (npm packages only)')
    .option('--url <url>', "the service's address, if it is not the public one")
    .option('--epss <file>', 'EPSS scores, the CSV of FIRST')
    .option('--kev <file>', 'known exploited vulnerabilities, the JSON of CISA')
    .option('--record', 'write what changed into the ledger')
    .option(...json)
    .option('--sarif', 'the same as SARIF 2.1.0')
    .option('--markdown', 'the same as Markdown')
    .option('--cyclonedx', 'a CycloneDX 1.6 bill of materials with vulnerabilities')
    .option('--openvex <author>', 'OpenVEX statements of that author')
    .action(async (flags: CheckFlags) => {
      const { checkCommand } = await import('./commands/check.ts');
      end(await checkCommand(flags, console));
    });
  program
    .command('fix')
    .description('plan what ends each finding, and prove it on the graph as it would be')
    .option(
      '--lockfile <file...>',
      'lockfiles below this folder; default: those of the policy, or those here',
    )
    .option(
      '--policy <file>',
      'policy file; default: dep-policy.json or dep-policy.yaml here, if there is one',
    )
    .option('--db <path>', `advisories: ${DB}`)
    .option('--online <service>', 'advisories of a service instead: osv, or npm (npm packages only)')
    .option('--url <url>', "the service's address, if it is not the public one")
    .option('--releases <file>', 'releases as JSON, instead of the registries')
    .option('--npm-registry <url>', "npm's registry, if it is not the public one")
    .option('--pypi-registry <url>', 'PyPI, if it is not the public one')
    .option('--write', 'write what is proven and stays in its major version')
    .option(...json)
    .action(async (flags: FixFlags) => {
      const { fixCommand } = await import('./commands/fix.ts');
      end(await fixCommand(flags, console));
    });
  program
    .command('init')
    .description('write a policy and CI to begin with; files that are there stay as they are')
    .option(...json)
    .action(async (flags: { json: boolean }) => {
      const { initCommand } = await import('./commands/check.ts');
      end(await initCommand(flags, console));
    });
  const ledger = program.command('ledger').description('what became of every finding');
  ledger
    .command('status')
    .description('what is open and when it is due')
    .option('--policy <file>', 'policy file; default: the one here, if there is one')
    .option(...json)
    .action(async (flags: { json: boolean; policy?: string }) => {
      const { ledgerStatusCommand } = await import('./commands/ledger.ts');
      end(await ledgerStatusCommand(flags, console));
    });
  ledger
    .command('verify')
    .description('follow the chain of hashes to its end')
    .option('--head <hash>', 'a hash that was the last one once and must be in the chain')
    .option(...json)
    .action(async (flags: { json: boolean; head?: string }) => {
      const { ledgerVerifyCommand } = await import('./commands/ledger.ts');
      end(await ledgerVerifyCommand(flags, console));
    });
  ledger
    .command('note')
    .description('acknowledge an item, or accept it until a day')
    .argument('<item>', 'as status prints it')
    .requiredOption('--event <event>', 'acknowledged or accepted')
    .requiredOption('--actor <name>', 'who says so')
    .requiredOption('--reason <text>', 'why')
    .option('--until <day>', 'the last day of an acceptance, such as 2026-03-31')
    .option(...json)
    .action(async (item: string, flags: NoteFlags) => {
      const { ledgerNoteCommand } = await import('./commands/ledger.ts');
      end(await ledgerNoteCommand(item, flags, console));
    });
}

function addUpdateCommands(program: Command, end: (status: number) => void, console: Console): void {
  const json = ['--json', 'one JSON document on stdout, and nothing else there', false] as const;
  const updates = program
    .command('updates')
    .description('plan updates, try them in a copy, keep their history');
  const named = (command: Command): Command =>
    command
      .option(
        '--lockfile <file...>',
        'lockfiles below this folder; default: those of the policy, or those here',
      )
      .option(
        '--policy <file>',
        'policy file; default: dep-policy.json or dep-policy.yaml here, if there is one',
      )
      .option(...json);
  const sourced = (command: Command): Command =>
    named(command)
      .option('--db <path>', `advisories: ${DB}`)
      .option('--online <service>', 'advisories of a service instead: osv, or npm (npm packages only)')
      .option('--url <url>', "the service's address, if it is not the public one")
      .option('--releases <file>', 'releases as JSON, instead of the registries')
      .option('--npm-registry <url>', "npm's registry, if it is not the public one")
      .option('--pypi-registry <url>', 'PyPI, if it is not the public one');
  sourced(updates.command('plan').description('what is outdated, and what may be taken')).action(
    async (flags: UpdateFlags) => {
      const { updatesPlanCommand } = await import('./commands/updates.ts');
      end(await updatesPlanCommand(flags, console));
    },
  );
  sourced(updates.command('stage').description("try an update in a copy with the project's own tests"))
    .requiredOption('--proposal <folder>', 'the manifests and locks that the update changes')
    .requiredOption('--reason <text>', 'why')
    .requiredOption('--approver <name>', 'who answers for it')
    .action(async (flags: StageFlags) => {
      const { updatesStageCommand } = await import('./commands/updates.ts');
      end(await updatesStageCommand(flags, console));
    });
  named(updates.command('gate').description('refuse locks that the last green record is not about')).action(
    async (flags: UpdateFlags) => {
      const { updatesGateCommand } = await import('./commands/updates.ts');
      end(await updatesGateCommand(flags, console));
    },
  );
  updates
    .command('history')
    .description('what was updated, as a changelog')
    .option(...json)
    .action(async (flags: { json: boolean }) => {
      const { updatesHistoryCommand } = await import('./commands/updates.ts');
      end(await updatesHistoryCommand(flags, console));
    });
  updates
    .command('init')
    .description('write a schedule and its job for CI')
    .option(...json)
    .action(async (flags: { json: boolean }) => {
      const { updatesInitCommand } = await import('./commands/updates.ts');
      end(await updatesInitCommand(flags, console));
    });
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
