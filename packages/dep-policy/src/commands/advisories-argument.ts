import type { AdvisorySource } from '../advisories/advisory-source.ts';
import { openAdvisories } from '../advisories/open-advisories.ts';
import { UsageError } from './console.ts';

/** Flags that say where advisories come from. */
export interface AdvisoriesFlags {
  readonly db?: string;
  readonly online?: string;
  readonly url?: string;
}

/**
 * Opens the advisories that the command line names. There is no default: a scan that quietly found none would call
 * everything clean.
 *
 * @throws {UsageError}
 * @throws {DependencyError} `ERR_DEP_ADVISORIES`
 */
export async function openNamedAdvisories({ db, online, url }: AdvisoriesFlags): Promise<AdvisorySource> {
  if ((db === undefined) === (online === undefined)) {
    throw new UsageError('expected --db <index or records> or --online <osv or npm>, found neither or both');
  }
  if (db !== undefined) return await openAdvisories(db);
  if (online === 'osv') {
    const { osvApi } = await import('../advisories/osv-api.ts');
    return osvApi(url === undefined ? {} : { url });
  }
  if (online === 'npm') {
    const { npmBulk } = await import('../advisories/npm-bulk.ts');
    return npmBulk(url === undefined ? {} : { url });
  }
  throw new UsageError('expected --online to be osv or npm, found another');
}

/** A count on the command line. @throws {UsageError} */
export function parseNumber(flag: string, text: string | undefined, minimum: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < minimum) {
    throw new UsageError(`expected ${flag} to be a number of at least ${minimum}, found another text`);
  }
  return value;
}
