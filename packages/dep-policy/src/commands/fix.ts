import { judgeReport } from '../policy-file/judgement.ts';
import { printable } from '../printable.ts';
import { readLockfile } from '../readers/read-lockfile.ts';
import { parseKnownReleases } from '../registry-data/known-releases.ts';
import type { ReleaseSource } from '../registry-data/package-releases.ts';
import { registryReleases } from '../registry-data/registry-releases.ts';
import { planRemediation } from '../remediation/remediation-plan.ts';
import { writeRemediation } from '../remediation/remediation-writer.ts';
import { scanGraphs } from '../scan/scan.ts';
import { readNamedText } from '../text-file.ts';
import { openNamedAdvisories } from './advisories-argument.ts';
import type { AdvisoriesFlags } from './advisories-argument.ts';
import { MAX_REPORT_BYTES, reportFailure, UsageError } from './console.ts';
import type { Console } from './console.ts';
import { namedProject } from './project-argument.ts';
import type { ProjectFlags } from './project-argument.ts';

/** Flags that say where releases are known from. */
export interface ReleasesFlags {
  readonly releases?: string;
  readonly npmRegistry?: string;
  readonly pypiRegistry?: string;
}

/** Flags of `fix`. */
export interface FixFlags extends ProjectFlags, AdvisoriesFlags, ReleasesFlags {
  readonly write?: boolean;
  readonly json: boolean;
}

/** A file of releases, or the registries. @throws {UsageError} @throws {DependencyError} `ERR_DEP_POLICY` */
export async function namedReleases({
  releases,
  npmRegistry,
  pypiRegistry,
}: ReleasesFlags): Promise<ReleaseSource> {
  if (releases === undefined)
    return registryReleases({ npm: { url: npmRegistry }, pypi: { url: pypiRegistry } });
  let known: unknown;
  try {
    known = JSON.parse(await readNamedText(releases, MAX_REPORT_BYTES));
  } catch (cause) {
    throw new UsageError('expected --releases to be JSON, found another file', { cause });
  }
  return parseKnownReleases(known);
}

/** `fix`: what to do about every finding that fails, proven on the graph as it would be. */
export async function fixCommand(flags: FixFlags, console: Console): Promise<number> {
  try {
    const { root, lockfiles, policy, loaded } = await namedProject(flags);
    const releases = await namedReleases(flags);
    const graphs = [];
    for (const path of lockfiles) graphs.push(await readLockfile({ root, path }));
    const advisories = await openNamedAdvisories(flags);
    try {
      const report = await scanGraphs(graphs, {
        advisories,
        focus: policy.focus,
        maxAgeInDays: policy.advisories.maxAgeInDays,
      });
      const { failing, exitCode } = judgeReport(report, { policy: loaded });
      const plans = await planRemediation({ graphs, findings: failing, advisories, releases });
      const isDryRun = flags.write !== true;
      const result = await writeRemediation(root, graphs, plans, { isDryRun });
      if (flags.json) console.print(JSON.stringify({ plans, isDryRun, ...result }, undefined, 2));
      else {
        for (const { finding, kind, reason, proof, isMajor } of plans) {
          console.print(
            `${printable(finding, 300)}\n    ${kind}${isMajor ? ', another major version' : ''}${proof === 'none' ? '' : `, ${proof}`}: ${printable(reason, 300)}`,
          );
        }
        const verb = isDryRun ? 'would write' : 'written';
        for (const line of result.written) console.print(`${verb}  ${printable(line, 300)}`);
        for (const { finding, reason } of result.left)
          console.print(`left     ${printable(finding, 300)}: ${printable(reason, 300)}`);
        for (const command of result.commands)
          console.print(`${isDryRun ? 'then run' : 'run now'}  ${printable(command, 300)}`);
      }
      return exitCode;
    } finally {
      await advisories.close();
    }
  } catch (error) {
    return reportFailure(error, console, flags.json);
  }
}
