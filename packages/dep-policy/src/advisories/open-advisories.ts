import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DependencyError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { AdvisorySource } from './advisory-source.ts';
import { isIndexFile, openAdvisoryIndex } from './open-index.ts';

/**
 * Opens advisories that are on disk: an index, or records as {@link buildAdvisoryIndex} takes them, from which an index
 * is then built in the temporary folder, to be removed with `close`. That takes seconds for all of npm; build an index
 * once if you scan more than once.
 *
 * @throws {DependencyError} `ERR_DEP_ADVISORIES` if there is nothing, nothing readable, or not one record.
 */
export async function openAdvisories(path: string): Promise<AdvisorySource> {
  const name = printable(basename(path));
  let isFile: boolean;
  try {
    isFile = (await stat(path)).isFile();
  } catch (cause) {
    throw new DependencyError('ERR_DEP_ADVISORIES', `${name}: expected advisories, found none`, { cause });
  }
  if (isFile && (await isIndexFile(path))) return await openAdvisoryIndex(path);
  return await openRecords(path, name);
}

async function openRecords(path: string, name: string): Promise<AdvisorySource> {
  const { buildAdvisoryIndex } = await import('./build-index.ts');
  const folder = await mkdtemp(join(tmpdir(), 'dep-policy-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const out = join(folder, 'advisories.index');
    const { header } = await buildAdvisoryIndex({ from: [path], out });
    if (header.counts.records === 0) {
      throw new DependencyError(
        'ERR_DEP_ADVISORIES',
        `${name}: expected records, found none that can be read`,
      );
    }
    const index = await openAdvisoryIndex(out);
    const { asOf, counts } = header;
    return {
      // Without the digest: it names an index that nobody will ever see again.
      description: {
        kind: 'records',
        asOf,
        records: counts.records,
        rejected: counts.rejected,
        ...(index.description.ecosystems === undefined ? {} : { ecosystems: index.description.ecosystems }),
      },
      advisoriesFor: (packages) => index.advisoriesFor(packages),
      close: async () => {
        await index.close();
        await remove();
      },
    };
  } catch (cause) {
    await remove();
    throw cause;
  }
}
