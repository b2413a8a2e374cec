import { access, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkProject } from '../check-project.ts';
import { printable } from '../printable.ts';
import { writeProjectFile } from '../project-writer.ts';
import { EXIT_CODES } from '../scan/report.ts';
import { starterFiles } from '../starter-files.ts';
import { openNamedAdvisories } from './advisories-argument.ts';
import type { AdvisoriesFlags } from './advisories-argument.ts';
import { reportFailure } from './console.ts';
import type { Console } from './console.ts';
import { namedProject } from './project-argument.ts';
import type { ProjectFlags } from './project-argument.ts';
import { findLocks } from './scan.ts';
import { checkOutputFlags, formatScan } from './scan-output.ts';
import type { OutputFlags } from './scan-output.ts';

/** Flags of `check`. */
export interface CheckFlags extends ProjectFlags, AdvisoriesFlags, OutputFlags {
  readonly record?: boolean;
  readonly epss?: string;
  readonly kev?: string;
  readonly json: boolean;
}

/** `check`: everything, one verdict. */
export async function checkCommand(flags: CheckFlags, console: Console): Promise<number> {
  checkOutputFlags(flags);
  try {
    const project = await namedProject(flags);
    console.progress('reading advisories');
    const advisories = await openNamedAdvisories(flags);
    try {
      const { epss, kev, record } = flags;
      const checked = await checkProject({
        ...project,
        policy: project.loaded,
        advisories,
        epss,
        kev,
        record,
      });
      const { verdict, exitCode, scan, judgement, graphs, ledger } = checked;
      // The violations of the judgement are among those of the check.
      const own = { ...judgement, violations: [] };
      const printed = { graphs, report: scan, judgement: own, violations: checked.violations };
      if (flags.json) {
        const report = JSON.parse(await formatScan(flags, printed)) as object;
        console.print(JSON.stringify({ ...report, verdict, exitCode, ledger }, undefined, 2));
      } else {
        console.print(await formatScan(flags, printed));
        if (flags.sarif !== true && flags.cyclonedx !== true && flags.openvex === undefined) {
          const { open, overdue, meanDaysToFix } = ledger;
          console.print(
            `ledger: ${open} open, ${overdue} overdue${meanDaysToFix === undefined ? '' : `, ${meanDaysToFix} days to a fix on average`}`,
          );
          console.print(`everything: ${verdict}`);
        }
      }
      return exitCode;
    } finally {
      await advisories.close();
    }
  } catch (error) {
    return reportFailure(error, console, flags.json);
  }
}

/** `init`: writes a policy and CI to begin with. A file that is there is left as it is. */
export async function initCommand({ json }: { readonly json: boolean }, console: Console): Promise<number> {
  const root = process.cwd();
  try {
    const written: string[] = [];
    const kept: string[] = [];
    for (const { path, text } of starterFiles(await findLocks(root))) {
      const isThere = await access(join(root, path)).then(
        () => true,
        () => false,
      );
      if (isThere) {
        kept.push(path);
        continue;
      }
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeProjectFile(root, path, text);
      written.push(path);
    }
    if (json) console.print(JSON.stringify({ written, kept }));
    else {
      for (const path of written) console.print(`written  ${printable(path)}`);
      for (const path of kept) console.print(`kept     ${printable(path)}`);
    }
    return EXIT_CODES.clean;
  } catch (error) {
    return reportFailure(error, console, json);
  }
}
