import { normalizeName, parseEcosystem } from '../ecosystem.ts';
import { isObject, listMember, member, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import { EVENT_KINDS } from './advisory.ts';
import type { Advisory, AffectedEntry, AffectedRange, RangeEvent } from './advisory.ts';
import { scoreCvss } from './cvss.ts';
import { MALWARE_SEVERITY, severityOfWord, UNKNOWN_SEVERITY } from './severity.ts';
import type { Severity } from './severity.ts';

/** Characters of a summary that are kept. */
const MAX_SUMMARY = 200;

/** Longest id, in characters, of a record or an alias. */
const MAX_ID = 128;

/** A time as the schema writes it. */
const RFC_3339 = /^\d{4}-\d\d-\d\dt\d\d:\d\d:\d\d(?:\.\d+)?(?:z|[+-]\d\d:\d\d)$/i;

/** Milliseconds that a clock may be slow: a record taken back in them is no record of the future. */
const MAX_CLOCK_ERROR = 86_400_000;

/** Whether a JSON value wants to be an OSV record, so that one which cannot be read is reported and not passed over. */
function looksLikeOsv(value: unknown): boolean {
  return (
    isObject(value) && (textMember(value, 'id') !== undefined || Array.isArray(member(value, 'affected')))
  );
}

/** What stands for records in a JSON value: itself, the elements of a list of records, or `vulns` as a service answers. */
export function recordsIn(value: unknown): readonly unknown[] {
  if (looksLikeOsv(value)) return [value];
  const list = isObject(value) ? member(value, 'vulns') : value;
  return Array.isArray(list) && list.some(looksLikeOsv) ? (list as unknown[]) : [];
}

/** Whether it cannot be told of an entry of a record which package it is about. No answer is complete with such a record. */
export function hasNamelessEntry(value: unknown): boolean {
  return isObject(value) && listMember(value, 'affected').some(isNameless);
}

function isNameless(entry: unknown): boolean {
  if (!isObject(entry)) return true;
  const owner = member(entry, 'package') ?? undefined;
  // An entry may be about commits alone; it then names no package that anybody could have installed.
  if (owner === undefined) return false;
  return (
    !isObject(owner) ||
    textMember(owner, 'name') === undefined ||
    textMember(owner, 'ecosystem') === undefined
  );
}

/**
 * Reads one record of the OSV schema. Records are foreign: fields that later versions of the schema add are passed
 * over, and what is wrong is kept in `problems` rather than thrown away, so that no package looks clean because its
 * advisory is broken.
 *
 * @returns undefined for a value that has no id, or entries that are no entries: nothing can be said about it.
 * @see OSV schema 1.7
 */
export function parseOsvRecord(value: unknown): Advisory | undefined {
  if (!isObject(value)) return undefined;
  const id = textMember(value, 'id');
  if (id === undefined || id.length > MAX_ID) return undefined;
  const written = member(value, 'affected');
  if (written !== undefined && written !== null && !Array.isArray(written)) return undefined;
  const problems: string[] = [];
  const modified = textMember(value, 'modified') ?? '';
  if (Number.isNaN(Date.parse(modified))) problems.push('modified: expected a time, found none');
  const withdrawn = withdrawnAt(value, problems);
  const aliases = idList(value, 'aliases', problems);
  const isMalware = id.startsWith('MAL-');
  const affected = listMember(value, 'affected').flatMap((entry, index) =>
    parseEntry(entry, index, problems),
  );
  return {
    id,
    modified,
    ...(withdrawn === undefined ? {} : { withdrawn }),
    aliases,
    group: [...new Set([id, ...aliases])],
    summary: (textMember(value, 'summary') ?? firstLine(textMember(value, 'details') ?? '')).slice(
      0,
      MAX_SUMMARY,
    ),
    isMalware,
    severity: isMalware ? MALWARE_SEVERITY : (parseSeverity(value, problems) ?? UNKNOWN_SEVERITY),
    affected,
    problems,
  };
}

/** What is not certainly taken back still counts: another text, or a time to come, is no withdrawal. */
function withdrawnAt(record: JsonObject, problems: string[]): string | undefined {
  const written = member(record, 'withdrawn') ?? undefined;
  const text = textMember(record, 'withdrawn') ?? '';
  const isPast = RFC_3339.test(text) && Date.parse(text) <= Date.now() + MAX_CLOCK_ERROR;
  if (written !== undefined && !isPast)
    problems.push('withdrawn: expected a past time, found something else');
  return isPast ? text : undefined;
}

function firstLine(text: string): string {
  return text.slice(0, 4 * MAX_SUMMARY).split('\n', 1)[0]!;
}

function idList(record: JsonObject, key: string, problems: string[]): string[] {
  const ids = listMember(record, key);
  const texts = ids.filter((id): id is string => typeof id === 'string' && id !== '' && id.length <= MAX_ID);
  if (texts.length !== ids.length) problems.push(`${key}: expected ids, found something else`);
  return [...new Set(texts)];
}

/** The best vector that has a score, newest version first; then the database's word for it; then a score of 0. */
function parseSeverity(owner: JsonObject, problems: string[]): Severity | undefined {
  const scored: Severity[] = [];
  for (const entry of listMember(owner, 'severity')) {
    const vector = isObject(entry) ? textMember(entry, 'score') : undefined;
    const type = isObject(entry) ? textMember(entry, 'type') : undefined;
    if (vector === undefined || type?.startsWith('CVSS_') !== true) continue;
    const severity = scoreCvss(vector);
    if (severity === undefined)
      problems.push('severity: expected a complete CVSS vector, found another text');
    else scored.push(severity);
  }
  scored.sort((a, b) => compareSource(a, b) || (b.score ?? 0) - (a.score ?? 0));
  const best = scored.find(({ score }) => score !== 0);
  if (best !== undefined) return best;
  const specific = member(owner, 'database_specific');
  const ofEcosystem = member(owner, 'ecosystem_specific');
  // A score of 0 says that nothing is harmed: whatever else is said goes before it.
  return (
    (isObject(specific) ? severityOfWord(member(specific, 'severity')) : undefined) ??
    (isObject(ofEcosystem) ? severityOfWord(member(ofEcosystem, 'severity')) : undefined) ??
    scored[0]
  );
}

/** `cvss-4` before `cvss-3` before `cvss-2`. */
function compareSource(a: Severity, b: Severity): number {
  return a.source < b.source ? 1 : a.source > b.source ? -1 : 0;
}

function parseEntry(value: unknown, index: number, problems: string[]): AffectedEntry[] {
  if (isNameless(value)) {
    problems.push(`affected[${index}]: expected a package with a name and an ecosystem, found less`);
    return [];
  }
  const owner = isObject(value) ? member(value, 'package') : undefined;
  if (!isObject(value) || !isObject(owner)) return [];
  const name = textMember(owner, 'name') ?? '';
  const ecosystem = parseEcosystem(textMember(owner, 'ecosystem') ?? '');
  if (ecosystem === undefined) return [];
  const found: string[] = [];
  const versions = listMember(value, 'versions');
  const listed = versions.filter((version) => typeof version === 'string');
  if (listed.length !== versions.length) found.push('versions: expected texts, found something else');
  for (const key of ['versions', 'ranges']) {
    const written = member(value, key);
    if (written !== undefined && written !== null && !Array.isArray(written)) {
      found.push(`${key}: expected a list, found something else`);
    }
  }
  const { ranges, problem } = parseRanges(listMember(value, 'ranges'), problems, index);
  if (problem !== undefined) found.push(problem);
  if (found.length === 0 && ranges.length === 0 && listed.length === 0) {
    found.push('expected versions or a range of versions, found neither');
  }
  problems.push(...found.map((text) => `affected[${index}].${text}`));
  for (const range of ranges) {
    if (range.problem !== undefined) {
      problems.push(`affected[${index}].ranges[${range.index}]: ${range.problem}`);
    }
  }
  const severity = parseSeverity(value, problems);
  return [
    {
      index,
      ecosystem,
      name: normalizeName(ecosystem, name),
      ranges,
      versions: listed,
      ...(severity === undefined ? {} : { severity }),
      ...(found.length === 0 ? {} : { problem: found[0]! }),
    },
  ];
}

function parseRanges(
  values: readonly unknown[],
  problems: string[],
  entry: number,
): { readonly ranges: AffectedRange[]; readonly problem?: string } {
  const ranges: AffectedRange[] = [];
  let problem: string | undefined;
  for (const [index, value] of values.entries()) {
    const type = isObject(value) ? textMember(value, 'type') : undefined;
    if (type === 'GIT') {
      // Skipped, but never the end of the list: what follows may well be a range of versions.
      if (!isObject(value) || !hasCommits(value)) {
        problems.push(
          `affected[${entry}].ranges[${index}]: expected commits in a GIT range, found other text`,
        );
      }
      continue;
    }
    if (!isObject(value) || (type !== 'SEMVER' && type !== 'ECOSYSTEM')) {
      problem = `ranges[${index}]: expected SEMVER, ECOSYSTEM or GIT, found another type`;
      continue;
    }
    ranges.push(parseRange(value, index, type));
  }
  return { ranges, ...(problem === undefined ? {} : { problem }) };
}

function parseRange(value: JsonObject, index: number, type: AffectedRange['type']): AffectedRange {
  const events: RangeEvent[] = [];
  let problem: string | undefined;
  for (const event of listMember(value, 'events')) {
    const kinds = isObject(event) ? EVENT_KINDS.filter((kind) => Object.hasOwn(event, kind)) : [];
    const version = isObject(event) && kinds.length === 1 ? textMember(event, kinds[0]!) : undefined;
    if (version === undefined) problem = 'expected one kind of event and its version, found another event';
    else events.push({ kind: kinds[0]!, version });
  }
  if (!events.some(({ kind }) => kind === 'introduced'))
    problem ??= 'expected an introduced event, found none';
  return { index, type, events, ...(problem === undefined ? {} : { problem }) };
}

function hasCommits(range: JsonObject): boolean {
  return listMember(range, 'events').every(
    (event) =>
      isObject(event) &&
      EVENT_KINDS.every((kind) => {
        const commit = member(event, kind);
        return (
          commit === undefined ||
          (typeof commit === 'string' && /^(?:0|\*|[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit))
        );
      }),
  );
}
