import { access } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { DependencyGraph, LockFormat } from '../graph/dependency-graph.ts';
import { LOCK_FORMATS } from '../graph/dependency-graph.ts';
import { readLockfile } from '../readers/read-lockfile.ts';
import { scanGraphs } from '../scan/scan.ts';
import { openNamedAdvisories, parseNumber } from './advisories-argument.ts';
import type { AdvisoriesFlags } from './advisories-argument.ts';
import { reportFailure, UsageError } from './console.ts';
import type { Console } from './console.ts';
import { judgeReport } from '../policy-file/judgement.ts';
import { readPolicyFile } from '../policy-file/policy-file.ts';
import { checkBase, checkOutputFlags, formatScan, readBase, readVex } from './scan-output.ts';
import type { OutputFlags } from './scan-output.ts';

/** Flags of `scan`. */
export interface ScanFlags extends AdvisoriesFlags, OutputFlags {
  readonly lockfile?: readonly string[];
  readonly format?: string;
  readonly focus?: readonly string[];
  readonly maxAge?: string;
  readonly maxPaths?: string;
  readonly epss?: string;
  readonly kev?: string;
  readonly json: boolean;
  readonly policy?: string;
  readonly vex?: readonly string[];
  readonly product?: readonly string[];
  readonly base?: string;
}

/** Locks that are looked for where none is named, in this order; of one project all count. */
const KNOWN_LOCKS = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'pylock.toml',
  'uv.lock',
  'poetry.lock',
  'pdm.lock',
  'Pipfile.lock',
  'requirements.txt',
] as const;

/** `scan`: matches everything that is locked against advisories. */
export async function scanCommand(flags: ScanFlags, console: Console): Promise<number> {
  const { epss, kev, json } = flags;
  checkOutputFlags(flags);
  const maxAgeInDays = parseNumber('--max-age', flags.maxAge, 0);
  const maxPaths = parseNumber('--max-paths', flags.maxPaths, 1);
  const format = parseFormat(flags.format);
  const base = await readBase(flags.base);
  try {
    const policy = await readPolicyFile(process.cwd(), flags.policy);
    const products = [...new Set([...(flags.product ?? []), ...(policy?.policy.products ?? [])])];
    checkBase(base, products);
    const lockfiles = flags.lockfile ?? policy?.policy.lockfiles ?? (await findLocks(process.cwd()));
    if (lockfiles.length === 0) throw new UsageError('expected --lockfile <file>, found none here either');
    const focus = [...new Set([...(flags.focus ?? []), ...(policy?.policy.focus ?? [])])];
    const vex = await readVex(flags.vex ?? [], policy);
    const graphs: DependencyGraph[] = [];
    for (const path of lockfiles) {
      console.progress(`reading ${basename(path)}`);
      graphs.push(await readLockfile({ ...locate(path), format }));
    }
    console.progress('reading advisories');
    const advisories = await openNamedAdvisories(flags);
    try {
      const report = await scanGraphs(graphs, {
        advisories,
        focus,
        maxAgeInDays: maxAgeInDays ?? policy?.policy.advisories.maxAgeInDays,
        maxPaths,
        epss,
        kev,
      });
      const judgement = judgeReport(report, { policy, vex, products, base });
      console.print(await formatScan(flags, { graphs, report, judgement, products }));
      return judgement.exitCode;
    } finally {
      await advisories.close();
    }
  } catch (error) {
    return reportFailure(error, console, json);
  }
}

function parseFormat(text: string | undefined): LockFormat | undefined {
  if (text === undefined) return undefined;
  const format = LOCK_FORMATS.find((known) => known === text);
  if (format === undefined) throw new UsageError(`expected --format to be one of ${LOCK_FORMATS.join(', ')}`);
  return format;
}

/** The known locks in a folder. */
export async function findLocks(folder: string): Promise<string[]> {
  const found = await Promise.all(
    KNOWN_LOCKS.map((name) =>
      access(join(folder, name)).then(
        () => name,
        () => undefined,
      ),
    ),
  );
  return found.filter((name) => name !== undefined);
}

/** A file below the current folder is reported by its path from there; any other one belongs to its own folder. */
function locate(path: string): { readonly root: string; readonly path: string } {
  const full = resolve(path);
  const fromHere = relative(process.cwd(), full);
  const isBelow = fromHere !== '' && !fromHere.startsWith('..') && !isAbsolute(fromHere);
  return isBelow
    ? { root: process.cwd(), path: fromHere.split(sep).join('/') }
    : { root: dirname(full), path: basename(full) };
}
