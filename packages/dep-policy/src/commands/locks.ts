import { basename, dirname, resolve } from 'node:path';
import { checkLocks, PIN_RULES } from '../check-locks.ts';
import type { DependencyGraph } from '../graph/dependency-graph.ts';
import { printable } from '../printable.ts';
import { EXIT_CODES } from '../scan/report.ts';
import type { Violation } from '../violation.ts';
import { reportFailure, UsageError } from './console.ts';
import type { Console } from './console.ts';
import { namedProject } from './project-argument.ts';
import type { ProjectFlags } from './project-argument.ts';
import { describeViolation } from './scan-output.ts';

/** Flags of `pins` and `integrity`. */
export interface LockFlags extends ProjectFlags {
  readonly json: boolean;
  readonly sarif?: boolean;
}

/** Flags of `pins`. */
export interface PinFlags extends LockFlags {
  readonly write?: boolean;
  readonly hashed?: string;
  readonly artifacts?: string;
}

/** `pins`: what is not exact, or not what the lock has. With `--write` it is pinned from the lock first. */
export async function pinsCommand(flags: PinFlags, console: Console): Promise<number> {
  if (flags.artifacts !== undefined && flags.hashed === undefined) {
    throw new UsageError('expected --hashed <file> with --artifacts, found none');
  }
  try {
    const project = await namedProject(flags);
    const graphs = await readAll(project.root, project.lockfiles);
    const written =
      flags.write === true
        ? await (await import('../pin-writer.ts')).writePins(project.root, graphs)
        : undefined;
    if (flags.hashed !== undefined) {
      const { artifacts } = flags;
      const { hashRequirements } = await import('../artifacts/hashed-requirements.ts');
      const { writeProjectFile } = await import('../project-writer.ts');
      const { text, missing } = await hashRequirements(graphs, { root: project.root, artifacts });
      if (missing.length > 0) {
        console.complain(`dep-policy: no strong hash for ${printable(missing.join(', '), 500)}`);
        return EXIT_CODES.pin;
      }
      const target = resolve(flags.hashed);
      await writeProjectFile(dirname(target), basename(target), text);
    }
    const { violations } = await checkLocks(project);
    const found = violations.filter(({ rule }) => PIN_RULES.includes(rule));
    await print(found, written === undefined ? {} : { written }, flags, console);
    for (const { file, package: name, from, to } of written?.pinned ?? []) {
      if (!flags.json) console.complain(`${file}: ${printable(`${name}: ${from} is now ${to}`)}`);
    }
    for (const command of flags.json ? [] : (written?.commands ?? []))
      console.complain(`run now  ${printable(command, 300)}`);
    return found.length === 0 ? EXIT_CODES.clean : EXIT_CODES.pin;
  } catch (error) {
    return reportFailure(error, console, flags.json);
  }
}

/** `integrity`: hashes, sources, scripts, settings and licences. */
export async function integrityCommand(flags: LockFlags, console: Console): Promise<number> {
  try {
    const { violations } = await checkLocks(await namedProject(flags));
    const found = violations.filter(({ rule }) => !PIN_RULES.includes(rule));
    await print(found, {}, flags, console);
    return found.length === 0 ? EXIT_CODES.clean : EXIT_CODES.integrity;
  } catch (error) {
    return reportFailure(error, console, flags.json);
  }
}

/** `verify`: compares downloaded archives with the locks. */
export async function verifyCommand(folder: string, flags: LockFlags, console: Console): Promise<number> {
  try {
    const { root, lockfiles } = await namedProject(flags);
    const { verifyArtifacts } = await import('../artifacts/verify-artifacts.ts');
    const report = await verifyArtifacts(await readAll(root, lockfiles), folder);
    if (flags.json) console.print(JSON.stringify(report, undefined, 2));
    else {
      for (const one of report.violations) console.print(describeViolation(one));
      for (const label of report.missing) console.print(`missing: ${label}`);
      console.print(
        `${report.verified.length} verified, ${report.violations.length} wrong, ${report.missing.length} missing`,
      );
    }
    if (report.violations.length > 0) return EXIT_CODES.integrity;
    return report.missing.length > 0 ? EXIT_CODES.incomplete : EXIT_CODES.clean;
  } catch (error) {
    return reportFailure(error, console, flags.json);
  }
}

async function readAll(root: string, lockfiles: readonly string[]): Promise<DependencyGraph[]> {
  const { readLockfile } = await import('../readers/read-lockfile.ts');
  const graphs: DependencyGraph[] = [];
  for (const path of lockfiles) graphs.push(await readLockfile({ root, path }));
  return graphs;
}

async function print(
  violations: readonly Violation[],
  more: object,
  { json, sarif }: LockFlags,
  console: Console,
): Promise<void> {
  if (sarif === true) {
    const { toSarif } = await import('../formats/sarif.ts');
    console.print(JSON.stringify(toSarif({ violations }), undefined, 2));
  } else if (json) {
    console.print(
      JSON.stringify(
        { verdict: violations.length === 0 ? 'pass' : 'fail', violations, ...more },
        undefined,
        2,
      ),
    );
  } else {
    for (const one of violations) console.print(describeViolation(one));
    console.print(
      violations.length === 0 ? 'verdict: pass' : `verdict: fail, ${violations.length} violations`,
    );
  }
}
