import type { CheckFlags } from './check.ts';
import type { Console } from './console.ts';
import type { ExplainFlags } from './explain.ts';
import type { FixFlags } from './fix.ts';
import type { NoteFlags } from './ledger.ts';
import type { LockFlags, PinFlags } from './locks.ts';
import type { ScanFlags } from './scan.ts';
import type { StageFlags, UpdateFlags } from './updates.ts';

/** A flag of a command. */
export interface OptionShape {
  /** As commander writes it, with the value that it takes. */
  readonly flags: string;
  readonly description: string;
  /** Must be there, or is false where it is not. */
  readonly rule?: 'required' | 'false';
}

/** A command: what it is called, what it takes, and what loads and runs it. */
export interface CommandShape {
  /** One word, or a group's and its own. */
  readonly name: string;
  readonly description: string;
  readonly argument?: readonly [name: string, description: string];
  readonly options: readonly OptionShape[];
  /** @returns the exit status. */
  run(flags: object, console: Console, argument: string): Promise<number>;
}

const json: OptionShape = {
  flags: '--json',
  description: 'one JSON document on stdout, and nothing else there',
  rule: 'false',
};
const sarif = { flags: '--sarif', description: 'the same as SARIF 2.1.0' };
const policy = {
  flags: '--policy <file>',
  description: 'policy file; default: dep-policy.json or dep-policy.yaml here, if there is one',
};
const lockfile = {
  flags: '--lockfile <file...>',
  description: 'lockfiles below this folder; default: those of the policy, or those here',
};
const advisories = [
  { flags: '--db <path>', description: 'advisories: an index, or a zip, folder or .ndjson of OSV records' },
  {
    flags: '--online <service>',
    description: 'advisories of a service instead: osv, or npm (npm packages only)',
  },
  { flags: '--url <url>', description: "the service's address, if it is not the public one" },
];
const exploits = [
  { flags: '--epss <file>', description: 'EPSS scores, the CSV of FIRST' },
  { flags: '--kev <file>', description: 'known exploited vulnerabilities, the JSON of CISA' },
];
const reports = [
  json,
  sarif,
  { flags: '--markdown', description: 'the same as Markdown' },
  { flags: '--cyclonedx', description: 'a CycloneDX 1.6 bill of materials with vulnerabilities' },
  { flags: '--openvex <author>', description: 'OpenVEX statements of that author' },
];
const releases = [
  { flags: '--releases <file>', description: 'releases as JSON, instead of the registries' },
  { flags: '--npm-registry <url>', description: "npm's registry, if it is not the public one" },
  { flags: '--pypi-registry <url>', description: 'PyPI, if it is not the public one' },
];

/** What the commands of two words begin with. */
export const COMMAND_GROUPS: ReadonlyMap<string, string> = new Map([
  ['index', 'build or describe an index of advisories'],
  ['ledger', 'what became of every finding'],
  ['updates', 'plan updates, try them in a copy, keep their history'],
]);

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandShape[] = [
  {
    name: 'scan',
    description: 'match everything that is locked against advisories',
    options: [
      {
        flags: '--lockfile <file...>',
        description: 'lockfiles of npm, pnpm, Yarn, pip, uv, Poetry, PDM, Pipenv; default: those here',
      },
      { flags: '--format <format>', description: 'what the lockfiles are, if their names do not say it' },
      ...advisories,
      {
        flags: '--focus <package...>',
        description: 'packages or presets (gluon-cv, onnxruntime) to show first, with all beneath them',
      },
      { flags: '--max-age <days>', description: 'how old advisories may be; default 7' },
      { flags: '--max-paths <count>', description: 'introducing paths listed per finding; default 5' },
      ...exploits,
      policy,
      { flags: '--vex <file...>', description: 'OpenVEX documents that you trust' },
      {
        flags: '--product <purl...>',
        description: 'how these name the project: what they say of components of others does not count',
      },
      { flags: '--base <report>', description: 'what scan --json printed before: only what is new fails' },
      ...reports,
    ],
    run: async (flags: ScanFlags, console) => (await import('./scan.ts')).scanCommand(flags, console),
  },
  {
    name: 'pins',
    description: 'check that what is asked for is exact, locked, and what the lock has',
    options: [
      lockfile,
      policy,
      json,
      sarif,
      { flags: '--write', description: 'first pin direct dependencies to what the lock has' },
      { flags: '--hashed <file>', description: "write Python packages as a file for pip's --require-hashes" },
      {
        flags: '--artifacts <folder>',
        description: 'wheels and sdists whose hashes to take where the lock has none',
      },
    ],
    run: async (flags: PinFlags, console) => (await import('./locks.ts')).pinsCommand(flags, console),
  },
  {
    name: 'integrity',
    description: 'check hashes, sources, scripts at installation and the settings of the tools',
    options: [lockfile, policy, json, sarif],
    run: async (flags: LockFlags, console) => (await import('./locks.ts')).integrityCommand(flags, console),
  },
  {
    name: 'verify',
    description: 'compare downloaded tarballs and wheels with the locks, byte by byte',
    argument: ['<folder>', 'where npm pack or pip download has put them'],
    options: [lockfile, policy, json],
    run: async (flags: LockFlags, console, folder) =>
      (await import('./locks.ts')).verifyCommand(folder, flags, console),
  },
  {
    name: 'check',
    description: 'check everything, for one verdict: advisories, pins, integrity, exceptions, ledger',
    options: [
      lockfile,
      policy,
      ...advisories,
      ...exploits,
      { flags: '--record', description: 'write what changed into the ledger' },
      ...reports,
    ],
    run: async (flags: CheckFlags, console) => (await import('./check.ts')).checkCommand(flags, console),
  },
  {
    name: 'fix',
    description: 'plan what ends each finding, and prove it on the graph as it would be',
    options: [
      lockfile,
      policy,
      ...advisories,
      ...releases,
      { flags: '--write', description: 'write what is proven and stays in its major version' },
      json,
    ],
    run: async (flags: FixFlags, console) => (await import('./fix.ts')).fixCommand(flags, console),
  },
  {
    name: 'init',
    description: 'write a policy and CI to begin with; files that are there stay as they are',
    options: [json],
    run: async (flags: Pick<LockFlags, 'json'>, console) =>
      (await import('./check.ts')).initCommand(flags, console),
  },
  {
    name: 'ledger status',
    description: 'what is open and when it is due',
    options: [
      { flags: '--policy <file>', description: 'policy file; default: the one here, if there is one' },
      json,
    ],
    run: async (flags: Pick<LockFlags, 'json' | 'policy'>, console) =>
      (await import('./ledger.ts')).ledgerStatusCommand(flags, console),
  },
  {
    name: 'ledger verify',
    description: 'follow the chain of hashes to its end',
    options: [
      {
        flags: '--head <hash>',
        description: 'a hash that was the last one once and must be in the chain',
      },
      json,
    ],
    run: async (flags: { readonly json: boolean; readonly head?: string }, console) =>
      (await import('./ledger.ts')).ledgerVerifyCommand(flags, console),
  },
  {
    name: 'ledger note',
    description: 'acknowledge an item, or accept it until a day',
    argument: ['<item>', 'as status prints it'],
    options: [
      { flags: '--event <event>', description: 'acknowledged or accepted', rule: 'required' },
      { flags: '--actor <name>', description: 'who says so', rule: 'required' },
      { flags: '--reason <text>', description: 'why', rule: 'required' },
      { flags: '--until <day>', description: 'the last day of an acceptance, such as 2026-03-31' },
      json,
    ],
    run: async (flags: NoteFlags, console, item) =>
      (await import('./ledger.ts')).ledgerNoteCommand(item, flags, console),
  },
  {
    name: 'updates plan',
    description: 'what is outdated, and what may be taken',
    options: [lockfile, policy, json, ...advisories, ...releases],
    run: async (flags: UpdateFlags, console) =>
      (await import('./updates.ts')).updatesPlanCommand(flags, console),
  },
  {
    name: 'updates stage',
    description: "try an update in a copy with the project's own tests",
    options: [
      lockfile,
      policy,
      json,
      ...advisories,
      ...releases,
      {
        flags: '--proposal <folder>',
        description: 'the manifests and locks that the update changes',
        rule: 'required',
      },
      { flags: '--reason <text>', description: 'why', rule: 'required' },
      { flags: '--approver <name>', description: 'who answers for it', rule: 'required' },
    ],
    run: async (flags: StageFlags, console) =>
      (await import('./updates.ts')).updatesStageCommand(flags, console),
  },
  {
    name: 'updates gate',
    description: 'refuse locks that the last green record is not about',
    options: [lockfile, policy, json],
    run: async (flags: UpdateFlags, console) =>
      (await import('./updates.ts')).updatesGateCommand(flags, console),
  },
  {
    name: 'updates history',
    description: 'what was updated, as a changelog',
    options: [json],
    run: async (flags: Pick<LockFlags, 'json'>, console) =>
      (await import('./updates.ts')).updatesHistoryCommand(flags, console),
  },
  {
    name: 'updates init',
    description: 'write a schedule and its job for CI',
    options: [json],
    run: async (flags: Pick<LockFlags, 'json'>, console) =>
      (await import('./updates.ts')).updatesInitCommand(flags, console),
  },
  {
    name: 'index build',
    description: 'build an index from OSV records',
    options: [
      {
        flags: '--from <path...>',
        description: 'zips, folders, .ndjson, .jsonl or .json files with OSV records',
        rule: 'required',
      },
      { flags: '--out <file>', description: 'where the index goes', rule: 'required' },
      {
        flags: '--as-of <time>',
        description: 'how old the data is; default: when the oldest source was changed',
      },
      json,
    ],
    run: async (
      flags: {
        readonly from: readonly string[];
        readonly out: string;
        readonly asOf?: string;
        readonly json: boolean;
      },
      console,
    ) => (await import('./index-command.ts')).indexBuildCommand(flags, console),
  },
  {
    name: 'index info',
    description: 'check every hash of an index and say what is in it',
    argument: ['<index>', 'an index'],
    options: [json],
    run: async (flags: Pick<LockFlags, 'json'>, console, path) =>
      (await import('./index-command.ts')).indexInfoCommand(path, flags, console),
  },
  {
    name: 'explain',
    description: 'make a finding again and show every comparison behind it',
    argument: ['<finding>', 'its id, as scan prints it'],
    options: [
      ...advisories,
      {
        flags: '--report <file>',
        description: 'what scan --json printed: digest and evidence must be the same',
      },
      json,
    ],
    run: async (flags: ExplainFlags, console, id) =>
      (await import('./explain.ts')).explainCommand(id, flags, console),
  },
];
