import { basename } from 'node:path';
import { DependencyError } from '../errors.ts';
import { isObject, member, textMember } from '../json-value.ts';
import { printable } from '../printable.ts';
import { readNamedText } from '../text-file.ts';

/** What CISA's catalogue of known exploited vulnerabilities says of one CVE. */
export interface KnownExploit {
  readonly cve: string;
  /** `YYYY-MM-DD` */
  readonly added: string;
  /** By when agencies have to act, `YYYY-MM-DD`. */
  readonly due?: string;
  readonly isRansomware: boolean;
}

/** Bytes accepted in the catalogue: it has about 2 million. */
const MAX_KEV_BYTES = 64 * 1024 * 1024;

/**
 * Reads the catalogue of known exploited vulnerabilities, as CISA publishes it in JSON.
 *
 * @throws {DependencyError} `ERR_DEP_ADVISORIES` if it is missing or not such a file.
 * @see https://www.cisa.gov/known-exploited-vulnerabilities-catalog
 */
export async function readKev(path: string): Promise<ReadonlyMap<string, KnownExploit>> {
  let value: unknown;
  try {
    value = JSON.parse(await readNamedText(path, MAX_KEV_BYTES));
  } catch (cause) {
    throw fault(path, cause instanceof RangeError ? 'a longer file' : 'none that can be read', cause);
  }
  const entries = isObject(value) ? member(value, 'vulnerabilities') : undefined;
  if (!Array.isArray(entries)) throw fault(path, 'another document');
  const exploits = new Map<string, KnownExploit>();
  for (const entry of entries as unknown[]) {
    const cve = isObject(entry) ? textMember(entry, 'cveID') : undefined;
    if (!isObject(entry) || cve === undefined) throw fault(path, 'an entry without a CVE');
    const due = textMember(entry, 'dueDate');
    exploits.set(cve, {
      cve,
      added: textMember(entry, 'dateAdded') ?? '',
      ...(due === undefined ? {} : { due }),
      isRansomware: textMember(entry, 'knownRansomwareCampaignUse')?.toLowerCase() === 'known',
    });
  }
  return exploits;
}

function fault(path: string, found: string, cause?: unknown): DependencyError {
  return new DependencyError(
    'ERR_DEP_ADVISORIES',
    `${printable(basename(path))}: expected the KEV catalogue, found ${found}`,
    { cause },
  );
}
