import { access, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { printable } from '../printable.ts';
import { writeProjectFile } from '../project-writer.ts';
import { readLockfile } from '../readers/read-lockfile.ts';
import { EXIT_CODES } from '../scan/report.ts';
import { scheduleFiles } from '../updates/schedule.ts';
import { findUnrecordedLocks, stageUpdate } from '../updates/staging.ts';
import { planUpdates } from '../updates/update-plan.ts';
import { describeHistory, readUpdateRecords } from '../updates/update-record.ts';
import { openNamedAdvisories } from './advisories-argument.ts';
import type { AdvisoriesFlags } from './advisories-argument.ts';
import { reportFailure } from './console.ts';
import type { Console } from './console.ts';
import { namedReleases } from './fix.ts';
import type { ReleasesFlags } from './fix.ts';
import { namedProject } from './project-argument.ts';
import type { ProjectFlags } from './project-argument.ts';

/** Flags of `updates plan`. */
export interface UpdateFlags extends ProjectFlags, AdvisoriesFlags, ReleasesFlags {
  readonly json: boolean;
}

/** Flags of `updates stage`. */
export interface StageFlags extends UpdateFlags {
  readonly proposal: string;
  readonly reason: string;
  readonly approver: string;
}

/** `updates plan`: what is outdated, and what may be taken. */
export async function updatesPlanCommand(flags: UpdateFlags, console: Console): Promise<number> {
  try {
    const { root, lockfiles, policy } = await namedProject(flags);
    const releases = await namedReleases(flags);
    const graphs = [];
    for (const path of lockfiles) graphs.push(await readLockfile({ root, path }));
    const advisories = await openNamedAdvisories(flags);
    try {
      const updates = await planUpdates({ graphs, releases, advisories, cooldown: policy.cooldown });
      if (flags.json) console.print(JSON.stringify({ updates }, undefined, 2));
      for (const { package: name, from, to, latest, closes, isSecurity } of flags.json ? [] : updates) {
        const why = isSecurity ? `, ends ${closes.join(', ')}` : '';
        console.print(
          printable(`${name} ${from} -> ${to ?? `wait (${latest} is too young or affected)`}${why}`, 300),
        );
      }
      return EXIT_CODES.clean;
    } finally {
      await advisories.close();
    }
  } catch (error) {
    return reportFailure(error, console, flags.json);
  }
}

/** `updates stage`: tries an update in a copy, and records what came of it. */
export async function updatesStageCommand(flags: StageFlags, console: Console): Promise<number> {
  try {
    const project = await namedProject(flags);
    const releases = await namedReleases(flags);
    const advisories = await openNamedAdvisories(flags);
    try {
      const { proposal, reason, approver } = flags;
      const record = await stageUpdate({ ...project, advisories, releases, proposal, reason, approver });
      if (flags.json) console.print(JSON.stringify(record, undefined, 2));
      else {
        console.print(`${record.result}: ${printable(record.reason, 300)}`);
        for (const refusal of record.refusals) console.print(`refused: ${printable(refusal, 300)}`);
      }
      return record.result === 'green' ? EXIT_CODES.clean : EXIT_CODES.update;
    } finally {
      await advisories.close();
    }
  } catch (error) {
    return reportFailure(error, console, flags.json);
  }
}

/** `updates gate`: refuses locks that the last green record is not about. */
export async function updatesGateCommand(
  flags: ProjectFlags & { readonly json: boolean },
  console: Console,
): Promise<number> {
  try {
    const { root, lockfiles } = await namedProject(flags);
    const unrecorded = await findUnrecordedLocks(root, lockfiles);
    if (flags.json) console.print(JSON.stringify({ unrecorded }));
    for (const file of flags.json ? [] : unrecorded) console.print(`no green record: ${printable(file)}`);
    return unrecorded.length === 0 ? EXIT_CODES.clean : EXIT_CODES.update;
  } catch (error) {
    return reportFailure(error, console, flags.json);
  }
}

/** `updates history`: the records as a changelog. */
export async function updatesHistoryCommand(
  { json }: { readonly json: boolean },
  console: Console,
): Promise<number> {
  try {
    const records = await readUpdateRecords(process.cwd());
    console.print(json ? JSON.stringify({ records }, undefined, 2) : describeHistory(records));
    return EXIT_CODES.clean;
  } catch (error) {
    return reportFailure(error, console, json);
  }
}

/** `updates init`: writes a schedule and its job. Files that are there stay as they are. */
export async function updatesInitCommand(
  { json }: { readonly json: boolean },
  console: Console,
): Promise<number> {
  try {
    const root = process.cwd();
    const written: string[] = [];
    for (const { path, text } of scheduleFiles()) {
      const isThere = await access(join(root, path)).then(
        () => true,
        () => false,
      );
      if (isThere) continue;
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeProjectFile(root, path, text);
      written.push(path);
    }
    console.print(json ? JSON.stringify({ written }) : written.map((path) => `written  ${path}`).join('\n'));
    return EXIT_CODES.clean;
  } catch (error) {
    return reportFailure(error, console, json);
  }
}
