import { EXIT_CODES } from '../scan/report.ts';
import { reportFailure, UsageError } from './console.ts';
import type { Console } from './console.ts';
import { printable } from '../printable.ts';
import type { IndexHeader } from '../advisories/index-format.ts';
import { openAdvisoryIndex } from '../advisories/open-index.ts';

/** `index build`: makes the index that scans query. Records that cannot be read make it incomplete, and are named. */
export async function indexBuildCommand(
  { from, out, asOf, json }: { from: readonly string[]; out: string; asOf?: string; json: boolean },
  console: Console,
): Promise<number> {
  const { buildAdvisoryIndex } = await import('../advisories/build-index.ts');
  const time = asOf === undefined ? undefined : new Date(asOf);
  if (time !== undefined && Number.isNaN(time.getTime())) {
    throw new UsageError('expected --as-of to be a time such as 2026-01-31T12:00:00Z, found another text');
  }
  try {
    const built = await buildAdvisoryIndex({
      from,
      out,
      asOf: time,
      onProgress: (records) => {
        console.progress(`${records} records`);
      },
    });
    const { digest, bytes, header, rejected } = built;
    if (json) console.print(JSON.stringify({ digest, bytes, ...header, rejectedAt: rejected }));
    else {
      console.print(describeIndex(digest, bytes, header));
      for (const where of rejected) console.complain(`could not be read: ${printable(where)}`);
    }
    return header.counts.rejected > 0 ? EXIT_CODES.incomplete : EXIT_CODES.clean;
  } catch (error) {
    return reportFailure(error, console, json);
  }
}

/** `index info`: reads the whole index, checks every hash in it, and says what it is. */
export async function indexInfoCommand(
  path: string,
  { json }: { json: boolean },
  console: Console,
): Promise<number> {
  try {
    const index = await openAdvisoryIndex(path);
    try {
      await index.verify();
      const { digest, bytes, header } = index;
      console.print(
        json ? JSON.stringify({ digest, bytes, ...header }) : describeIndex(digest, bytes, header),
      );
      return header.counts.rejected > 0 ? EXIT_CODES.incomplete : EXIT_CODES.clean;
    } finally {
      await index.close();
    }
  } catch (error) {
    return reportFailure(error, console, json);
  }
}

function describeIndex(digest: string, bytes: number, header: IndexHeader): string {
  const { counts, asOf, builtAt, newestModified, sources } = header;
  return [
    `sha256    ${digest}`,
    `bytes     ${bytes}`,
    `as of     ${printable(asOf)}, built ${printable(builtAt)}, newest record ${printable(newestModified)}`,
    `records   ${counts.records} about ${counts.packages} packages: ${counts.malware} malware, ${counts.withdrawn} withdrawn, ${counts.flawed} flawed`,
    `left out  ${counts.foreign} of other ecosystems, ${counts.replaced} replaced by newer ones, ${counts.ignored} no records`,
    `rejected  ${counts.rejected}`,
    ...sources.map(
      ({ name, kind, sha256 }) =>
        `source    ${printable(name)} (${printable(kind)}) sha256 ${printable(sha256)}`,
    ),
  ].join('\n');
}
