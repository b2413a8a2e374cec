import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { cp, mkdtemp, open, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { AdvisorySource } from '../advisories/advisory-source.ts';
import { checkLocks } from '../check-locks.ts';
import { DependencyError } from '../errors.ts';
import { compareReports } from '../formats/difference.ts';
import type { DependencyGraph } from '../graph/dependency-graph.ts';
import { GENESIS } from '../ledger/ledger-entry.ts';
import type { PolicyFile } from '../policy-file/policy-schema.ts';
import type { ReleaseSource } from '../registry-data/package-releases.ts';
import { readLockfile } from '../readers/read-lockfile.ts';
import { scanGraphs } from '../scan/scan.ts';
import { compareVersions } from '../versions/version-order.ts';
import { changedArchives } from './changed-archives.ts';
import { hashRecord } from './record-hash.ts';
import { readUpdateRecords, updateRecordSchema, UPDATES_FILE } from './update-record.ts';
import type { UpdateRecord } from './update-record.ts';

/** Output of the tests that is hashed and looked at; more than that is hashed only. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

const MILLISECONDS_PER_DAY = 86_400_000;

/** What is staged, and how. */
export interface StagingOptions {
  /** The project as it is. */
  readonly root: string;
  /** A folder with the files that the update changes: manifests and locks, by their paths in the project. */
  readonly proposal: string;
  readonly lockfiles: readonly string[];
  readonly policy: PolicyFile;
  readonly advisories: AdvisorySource;
  readonly releases: ReleaseSource;
  readonly reason: string;
  readonly approver: string;
  /** Default: the policy's `test`. */
  readonly command?: readonly string[] | undefined;
  /** Milliseconds for the command. Default 30 minutes. */
  readonly timeoutInMs?: number | undefined;
  readonly now?: Date | undefined;
}

/**
 * Tries an update in a copy of the project: the proposed files are laid over it, the gate looks at what changed, and the
 * project's own tests run there. Whatever comes of it is recorded in the chained history. The project itself is not
 * touched.
 *
 * The gate refuses an update that breaks the policy where it was kept before, brings a finding, lowers a version, takes
 * another archive for a version that stays, or takes a release that is younger than the cooldown and ends no finding.
 *
 * The tests run with the rights of the caller: a copy is not a sandbox. Stage on a machine that may be lost.
 *
 * @throws {DependencyError} if it cannot be tried at all: `ERR_DEP_POLICY` without a test command, and what reading
 *   throws.
 */
export async function stageUpdate(options: StagingOptions): Promise<UpdateRecord> {
  const { lockfiles, policy, reason, approver, now = new Date() } = options;
  const command = options.command ?? policy.test;
  if (command === undefined || command.length === 0) {
    throw new DependencyError('ERR_DEP_POLICY', 'test: expected the command of the tests, found none');
  }
  // Before the tests have run for an hour, not after.
  const answered = updateRecordSchema.pick({ reason: true, approver: true }).safeParse({ reason, approver });
  if (!answered.success) {
    throw new DependencyError(
      'ERR_DEP_POLICY',
      'expected a reason of 1 to 2000 characters and an approver of 1 to 200, found others',
      { cause: answered.error },
    );
  }
  const root = await realpath(options.root);
  const scratch = await mkdtemp(join(tmpdir(), 'dep-policy-staging-'));
  try {
    await copyInto(scratch, root, 'project');
    await copyInto(scratch, options.proposal, 'proposal');
    const before = await readAll(root, lockfiles);
    const after = await readAll(scratch, lockfiles);
    const changes = changesBetween(before, after);
    const archives = changedArchives(before, after);
    const refusals = await refuse({ ...options, root, now }, scratch, before, after, changes);
    const started = performance.now();
    const { status, sha256 } =
      refusals.length > 0
        ? { status: null, sha256: GENESIS }
        : await runTests(scratch, command, options.timeoutInMs);
    // The tests may have changed the very locks that they were to prove.
    const tested = refusals.length > 0 ? after : await readAll(scratch, lockfiles);
    const isSame = tested.every(({ sha256: digest }, index) => digest === after[index]!.sha256);
    return await appendRecord(root, {
      time: now.toISOString(),
      reason,
      changes: [
        ...changes,
        ...archives.map(({ ecosystem, package: name, from, to }) => ({ ecosystem, package: name, from, to })),
      ],
      locks: after.map(({ file, sha256: digest }, index) => ({
        file,
        before: before[index]!.sha256,
        after: digest,
      })),
      tests: {
        command: [...command],
        status,
        seconds: Math.round((performance.now() - started) / 100) / 10,
        outputSha256: sha256,
      },
      result: refusals.length > 0 ? 'refused' : status === 0 && isSame ? 'green' : 'red',
      refusals: isSame ? refusals : [...refusals, 'the tests changed a lock'],
      approver,
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Copies what is in a folder; pipes and devices are nothing that could be copied. */
async function copyInto(scratch: string, folder: string, what: string): Promise<void> {
  try {
    await cp(folder, scratch, {
      recursive: true,
      force: true,
      filter: (path) => basename(path) !== '.git',
      verbatimSymlinks: true,
    });
  } catch (cause) {
    throw new DependencyError(
      'ERR_DEP_UNREADABLE',
      `${what}: expected a folder that can be copied, found another`,
      { cause },
    );
  }
}

/**
 * Whether the locks that are there are those of a green record: the gate for CI.
 *
 * @returns locks without such a record.
 * @throws {DependencyError} `ERR_DEP_LEDGER`, and what reading a lock throws.
 */
export async function findUnrecordedLocks(root: string, lockfiles: readonly string[]): Promise<string[]> {
  const records = await readUpdateRecords(await realpath(root));
  const graphs = await readAll(root, lockfiles);
  return graphs
    .filter(({ file, sha256 }) => {
      // Only the last one counts: going back to older versions is an update too.
      const last = records.findLast(
        (record) => record.result === 'green' && record.locks.some((lock) => lock.file === file),
      );
      return !last?.locks.some((lock) => lock.file === file && lock.after === sha256);
    })
    .map(({ file }) => file);
}

async function readAll(root: string, lockfiles: readonly string[]): Promise<DependencyGraph[]> {
  const graphs: DependencyGraph[] = [];
  for (const path of lockfiles) graphs.push(await readLockfile({ root, path }));
  return graphs;
}

type Change = UpdateRecord['changes'][number] & { readonly ecosystem: 'npm' | 'PyPI' };

/** Versions that came and went, package by package. A new package comes from nothing. */
function changesBetween(before: readonly DependencyGraph[], after: readonly DependencyGraph[]): Change[] {
  const [old, fresh] = [versionsOf(before), versionsOf(after)];
  return [...new Set([...old.keys(), ...fresh.keys()])].sort().flatMap((key) => {
    const gone = [...(old.get(key) ?? [])].filter((version) => fresh.get(key)?.has(version) !== true);
    const come = [...(fresh.get(key) ?? [])].filter((version) => old.get(key)?.has(version) !== true);
    if (gone.length === 0 && come.length === 0) return [];
    const [ecosystem, name] = key.split('\0') as ['npm' | 'PyPI', string];
    return [{ ecosystem, package: name, from: gone.join(', ') || 'none', to: come.join(', ') || 'none' }];
  });
}

function versionsOf(graphs: readonly DependencyGraph[]): Map<string, Set<string>> {
  const versions = new Map<string, Set<string>>();
  for (const { packages } of graphs) {
    for (const { ecosystem, name, version, origin } of packages.values()) {
      if (origin === 'file') continue;
      const key = `${ecosystem}\0${name}`;
      versions.set(key, (versions.get(key) ?? new Set()).add(version ?? '?'));
    }
  }
  return versions;
}

async function refuse(
  { root, lockfiles, policy, advisories, releases, now }: StagingOptions & { readonly now: Date },
  scratch: string,
  before: readonly DependencyGraph[],
  after: readonly DependencyGraph[],
  changes: readonly Change[],
): Promise<string[]> {
  if (changes.length === 0 && after.every(({ sha256 }, index) => sha256 === before[index]!.sha256)) {
    return ['expected an update, found that no lock changes'];
  }
  const scan = { advisories, maxAgeInDays: policy.advisories.maxAgeInDays, now };
  const [old, fresh] = [await scanGraphs(before, scan), await scanGraphs(after, scan)];
  const { added, resolved } = compareReports(old, fresh);
  const known = new Set(
    (await checkLocks({ root, lockfiles, policy })).violations.map(
      (one) => `${one.rule} ${one.package} ${one.file}`,
    ),
  );
  const broken = (await checkLocks({ root: scratch, lockfiles, policy })).violations.filter(
    (one) => !known.has(`${one.rule} ${one.package} ${one.file}`),
  );
  const refusals = [
    ...fresh.incomplete.map(({ message }) => message),
    ...changedArchives(before, after).flatMap(({ package: name, from, isExchanged }) =>
      isExchanged ? [`takes another archive for ${name} ${from}, whose version stays`] : [],
    ),
    ...added.map(({ id }) => `brings ${id}`),
    ...broken.map(({ rule, file, package: name, message }) => `${file}: ${rule}: ${name}: ${message}`),
  ];
  const ends = new Set(resolved.map(({ ecosystem, package: name }) => `${ecosystem} ${name}`));
  for (const { ecosystem, package: name, from, to } of changes) {
    if (to === 'none') continue;
    if (from !== 'none' && (compareVersions(ecosystem, to, from) ?? 0) < 0) {
      refusals.push(`lowers ${name} from ${from} to ${to}`);
    }
    const all = (await releases.releasesOf({ ecosystem, name })) ?? [];
    for (const version of to.split(', ')) {
      const published = Date.parse(all.find((release) => release.version === version)?.published ?? '');
      // Not known is not old.
      const isOld = now.getTime() - published >= policy.cooldown.days * MILLISECONDS_PER_DAY;
      const mayPass = policy.cooldown.securityMayPass && ends.has(`${ecosystem} ${name}`);
      if (policy.cooldown.days > 0 && !isOld && !mayPass) {
        refusals.push(
          `takes ${name} ${version}, which is younger than ${policy.cooldown.days} days or of unknown age`,
        );
      }
    }
  }
  return refusals;
}

async function runTests(
  folder: string,
  [program, ...words]: readonly string[],
  timeoutInMs = 1_800_000,
): Promise<{ readonly status: number | null; readonly sha256: string }> {
  const hash = createHash('sha256');
  let length = 0;
  return await new Promise((resolve) => {
    const child = spawn(program!, words, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that what the tests start ends with them.
      detached: process.platform !== 'win32',
    });
    const end = (): void => {
      try {
        if (child.pid !== undefined)
          process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    };
    const timer = setTimeout(end, timeoutInMs);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        length += chunk.byteLength;
        if (length <= MAX_OUTPUT_BYTES) hash.update(chunk);
      });
    }
    child.once('error', () => {
      clearTimeout(timer);
      resolve({ status: null, sha256: GENESIS });
    });
    child.once('close', (status) => {
      clearTimeout(timer);
      end();
      resolve({ status, sha256: hash.digest('hex') });
    });
  });
}

async function appendRecord(
  root: string,
  draft: Omit<UpdateRecord, 'sequence' | 'previous' | 'hash'>,
): Promise<UpdateRecord> {
  const records = await readUpdateRecords(root);
  const body = { ...draft, sequence: records.length + 1, previous: records.at(-1)?.hash ?? GENESIS };
  const record = updateRecordSchema.parse({ ...body, hash: hashRecord(body) });
  const file = await open(
    join(root, UPDATES_FILE),
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
    0o644,
  );
  try {
    await file.writeFile(`${JSON.stringify(record)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return record;
}
