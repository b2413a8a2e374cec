import { packageKey } from '../ecosystem.ts';
import { DependencyError } from '../errors.ts';
import { isObject, listMember, textMember } from '../json-value.ts';
import type { Advisory } from './advisory.ts';
import type { AdvisorySource } from './advisory-source.ts';
import { JsonService } from './http-json.ts';
import type { ServiceOptions } from './http-json.ts';
import { hasNamelessEntry, parseOsvRecord } from './osv-record.ts';

/** The public service. */
const OSV_URL = 'https://api.osv.dev';

/** Packages per request; the service takes 1,000. */
const BATCH = 500;

/** Pages accepted for one package. */
const MAX_PAGES = 100;

/** Records fetched at the same time. */
const CONCURRENCY = 8;

/**
 * Advisories of osv.dev, or of a service with the same interface. It is asked for every record of a package, whatever
 * the version: the matching is ours, and a fix must not lie in the range of another record.
 *
 * @throws {DependencyError} `ERR_DEP_POLICY` for a URL that is not https.
 * @see https://google.github.io/osv.dev/api/
 */
export function osvApi(options: ServiceOptions = {}): AdvisorySource {
  const service = new JsonService(OSV_URL, options);
  return {
    description: { kind: 'osv-api' },
    advisoriesFor: async (packages, { signal } = {}) => {
      const queries = [...new Map(packages.map((one) => [packageKey(one), one])).values()].map(
        ({ ecosystem, name }) => ({ package: { ecosystem, name } }),
      );
      const ids = new Set<string>();
      for (let at = 0; at < queries.length; at += BATCH) {
        for (const id of await queryAll(service, queries.slice(at, at + BATCH), signal)) ids.add(id);
      }
      return await fetchRecords(service, [...ids], signal);
    },
    close: () => Promise.resolve(),
  };
}

interface Query {
  readonly package: { readonly ecosystem: string; readonly name: string };
  readonly page_token?: string;
}

/** Ids of every record of every package, page after page. */
async function queryAll(
  service: JsonService,
  first: readonly Query[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const ids: string[] = [];
  let queries = first;
  for (let page = 0; queries.length > 0; page += 1) {
    if (page === MAX_PAGES) throw unusable('more pages than are accepted');
    const answer = await service.ask('/v1/querybatch', { queries }, signal);
    const results = isObject(answer) ? listMember(answer, 'results') : [];
    if (results.length !== queries.length) throw unusable('an answer for another number of packages');
    const next: Query[] = [];
    for (const [index, result] of results.entries()) {
      // A package without records is answered with an empty object.
      if (!isObject(result)) throw unusable('a result of another form');
      for (const record of listMember(result, 'vulns')) {
        const id = isObject(record) ? textMember(record, 'id') : undefined;
        if (id === undefined) throw unusable('a record without an id');
        ids.push(id);
      }
      const token = textMember(result, 'next_page_token');
      if (token !== undefined) next.push({ ...queries[index]!, page_token: token });
    }
    queries = next;
  }
  return ids;
}

async function fetchRecords(
  service: JsonService,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Advisory[]> {
  const records: Advisory[] = [];
  const pending = ids.values();
  const work = async (): Promise<void> => {
    for (const id of pending) {
      const value = await service.ask(`/v1/vulns/${encodeURIComponent(id)}`, undefined, signal);
      const record = parseOsvRecord(value);
      if (record === undefined || hasNamelessEntry(value)) throw unusable('a record that cannot be read');
      records.push(record);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return records.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function unusable(found: string): DependencyError {
  return new DependencyError(
    'ERR_DEP_NETWORK',
    `advisories: expected an answer of the OSV API, found ${found}`,
  );
}
