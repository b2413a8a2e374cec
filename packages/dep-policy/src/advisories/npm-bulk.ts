import { DependencyError } from '../errors.ts';
import { isObject, member, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import type { Advisory, AffectedRange } from './advisory.ts';
import type { AdvisorySource, PackageVersions } from './advisory-source.ts';
import { scoreCvss } from './cvss.ts';
import { JsonService } from './http-json.ts';
import type { ServiceOptions } from './http-json.ts';
import type { npmRangeEvents } from './npm-range.ts';
import { severityOfWord, UNKNOWN_SEVERITY } from './severity.ts';
import type { Severity } from './severity.ts';

/** npm's registry. */
const NPM_URL = 'https://registry.npmjs.org';

/** Packages per request. */
const BATCH = 500;

/**
 * Advisories of the endpoint that `npm audit` asks. It knows npm packages only, and answers only for the versions it is
 * told; a Python package makes it fail rather than look clean.
 *
 * @throws {DependencyError} `ERR_DEP_POLICY` for a URL that is not https.
 * @see https://docs.npmjs.com/cli/commands/npm-audit#bulk-advisory-endpoint
 */
export function npmBulk(options: ServiceOptions = {}): AdvisorySource {
  const service = new JsonService(NPM_URL, options);
  return {
    description: { kind: 'npm-bulk' },
    advisoriesFor: async (packages, { signal } = {}) => {
      const foreign = packages.find(({ ecosystem }) => ecosystem !== 'npm');
      if (foreign !== undefined) {
        throw new DependencyError(
          'ERR_DEP_ADVISORIES',
          `npm-bulk: expected npm packages, found one of ${foreign.ecosystem}`,
        );
      }
      const unknown = packages.filter(
        ({ versions, isPartlyUnknown = false }) => versions.length === 0 || isPartlyUnknown,
      );
      if (unknown.length > 0) {
        throw new DependencyError(
          'ERR_DEP_ADVISORIES',
          `npm-bulk: expected an exact version of every package, found ${unknown.length} without`,
        );
      }
      const records: Advisory[] = [];
      for (let at = 0; at < packages.length; at += BATCH) {
        records.push(...(await askFor(service, packages.slice(at, at + BATCH), signal)));
      }
      return records;
    },
    close: () => Promise.resolve(),
  };
}

async function askFor(
  service: JsonService,
  packages: readonly PackageVersions[],
  signal: AbortSignal | undefined,
): Promise<Advisory[]> {
  const body = Object.fromEntries(packages.map(({ name, versions }) => [name, versions]));
  const answer = await service.ask('/-/npm/v1/security/advisories/bulk', body, signal);
  if (!isObject(answer)) throw unusable();
  // semver's parser of ranges is large, and only this source needs it.
  const { npmRangeEvents: toEvents } = await import('./npm-range.ts');
  return Object.entries(answer).flatMap(([name, list]) => {
    if (!Array.isArray(list)) throw unusable();
    return (list as unknown[]).map((entry) => parseEntry(name, entry, toEvents));
  });
}

/** `{ id, url, title, severity, vulnerable_versions, cvss: { vectorString } }` */
function parseEntry(name: string, entry: unknown, toEvents: typeof npmRangeEvents): Advisory {
  const url = isObject(entry) ? (textMember(entry, 'url') ?? '') : '';
  const number = isObject(entry) ? member(entry, 'id') : undefined;
  const id =
    /GHSA(?:-[0-9a-z]{4}){3}/.exec(url)?.[0] ?? (typeof number === 'number' ? `npm-${number}` : undefined);
  if (!isObject(entry) || id === undefined) throw unusable();
  const text = textMember(entry, 'vulnerable_versions');
  const parts = text === undefined ? undefined : toEvents(text);
  const ranges = parts?.map((events, index): AffectedRange => ({ index, type: 'SEMVER', events })) ?? [];
  return {
    id,
    modified: textMember(entry, 'updated') ?? '',
    aliases: [],
    group: [id],
    summary: textMember(entry, 'title') ?? '',
    isMalware: false,
    severity: severityOf(entry),
    affected: [
      {
        index: 0,
        ecosystem: 'npm',
        name,
        ranges,
        versions: [],
        ...(parts === undefined ? { problem: 'expected a range of npm, found another text' } : {}),
      },
    ],
    problems: [],
  };
}

function severityOf(entry: JsonObject): Severity {
  const cvss = member(entry, 'cvss');
  const vector = isObject(cvss) ? textMember(cvss, 'vectorString') : undefined;
  const scored = vector === undefined ? undefined : scoreCvss(vector);
  // As in a record of OSV: a score of 0 does not undo the word.
  if (scored !== undefined && scored.score !== 0) return scored;
  return severityOfWord(member(entry, 'severity')) ?? scored ?? UNKNOWN_SEVERITY;
}

function unusable(): DependencyError {
  return new DependencyError(
    'ERR_DEP_NETWORK',
    'advisories: expected an answer of the bulk endpoint, found another',
  );
}
