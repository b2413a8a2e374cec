import { isObject, listMember, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import { EVENT_KINDS } from './advisory.ts';
import type { Advisory, AffectedEntry, AffectedRange } from './advisory.ts';
import { MALWARE_SEVERITY, RATINGS, UNKNOWN_SEVERITY } from './severity.ts';
import type { Severity } from './severity.ts';

const SEVERITY_SOURCES = ['cvss-4', 'cvss-3', 'cvss-2', 'database', 'malware', 'none'] as const;

/**
 * A record as the index keeps it: JSON with one-letter keys, and nothing that is the same in most records. Details,
 * references and credits are left out, which is nearly all of a record's size.
 */
export function encodeSlim(advisory: Advisory): string {
  const { id, modified, withdrawn, aliases, group, summary, severity, affected, problems } = advisory;
  const isOwnGroup = group.length === aliases.length + 1;
  return JSON.stringify({
    i: id,
    m: modified,
    ...(withdrawn === undefined ? {} : { w: withdrawn }),
    ...(aliases.length === 0 ? {} : { a: aliases }),
    ...(isOwnGroup ? {} : { g: group }),
    ...(summary === usualSummary(advisory) ? {} : { s: summary }),
    ...(severity.source === 'none' || severity.source === 'malware' ? {} : { c: encodeSeverity(severity) }),
    e: affected.map(encodeEntry),
    ...(problems.length === 0 ? {} : { p: problems.slice(0, 8) }),
  });
}

/** The summary that is not written: nearly every record of malware has the same one. */
function usualSummary({ isMalware, affected }: Pick<Advisory, 'isMalware' | 'affected'>): string {
  const [first] = affected;
  return isMalware && first !== undefined ? `Malicious code in ${first.name} (${first.ecosystem})` : '';
}

function encodeSeverity({ rating, source, score, vector }: Severity): unknown[] {
  return [
    RATINGS.indexOf(rating),
    SEVERITY_SOURCES.indexOf(source),
    ...(score === undefined ? [] : [score, vector]),
  ];
}

function encodeEntry({ index, ecosystem, name, ranges, versions, severity, problem }: AffectedEntry): object {
  return {
    ...(index === 0 ? {} : { x: index }),
    ...(ecosystem === 'npm' ? {} : { o: ecosystem }),
    n: name,
    ...(ranges.length === 0 ? {} : { r: ranges.map(encodeRange) }),
    ...(versions.length === 0 ? {} : { v: versions }),
    ...(severity === undefined ? {} : { c: encodeSeverity(severity) }),
    ...(problem === undefined ? {} : { p: problem }),
  };
}

/** `[place, type, problem or 0, kind, version, kind, version, …]` */
function encodeRange({ index, type, events, problem }: AffectedRange): unknown[] {
  return [
    index,
    type === 'SEMVER' ? 0 : 1,
    problem ?? 0,
    ...events.flatMap(({ kind, version }) => [EVENT_KINDS.indexOf(kind), version]),
  ];
}

/**
 * Reads what {@link encodeSlim} has written.
 *
 * @returns undefined for any other text.
 */
export function decodeSlim(text: string): Advisory | undefined {
  return decodeValue(parse(text));
}

/** Reads a list of them. @returns undefined for any other text. */
export function decodeSlimList(text: string): readonly Advisory[] | undefined {
  const values = parse(text);
  if (!Array.isArray(values)) return undefined;
  const advisories = values.map(decodeValue);
  return advisories.includes(undefined) ? undefined : (advisories as Advisory[]);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function decodeValue(value: unknown): Advisory | undefined {
  if (!isObject(value)) return undefined;
  const id = textMember(value, 'i');
  const modified = value['m'];
  const entries = listMember(value, 'e').map(decodeEntry);
  if (id === undefined || typeof modified !== 'string' || entries.includes(undefined)) return undefined;
  const withdrawn = textMember(value, 'w');
  const aliases = texts(value, 'a');
  const group = texts(value, 'g');
  const isMalware = id.startsWith('MAL-');
  const affected = entries as AffectedEntry[];
  return {
    id,
    modified,
    ...(withdrawn === undefined ? {} : { withdrawn }),
    aliases,
    group: group.length === 0 ? [id, ...aliases] : group,
    summary: typeof value['s'] === 'string' ? value['s'] : usualSummary({ isMalware, affected }),
    isMalware,
    severity: isMalware ? MALWARE_SEVERITY : (decodeSeverity(value) ?? UNKNOWN_SEVERITY),
    affected,
    problems: texts(value, 'p'),
  };
}

function texts(value: JsonObject, key: string): string[] {
  return listMember(value, key).filter((text) => typeof text === 'string');
}

function decodeSeverity(owner: JsonObject): Severity | undefined {
  const [ratingIndex, sourceIndex, score, vector] = listMember(owner, 'c');
  const rating = RATINGS[ratingIndex as number];
  const source = SEVERITY_SOURCES[sourceIndex as number];
  if (rating === undefined || source === undefined) return undefined;
  return typeof score === 'number' && typeof vector === 'string'
    ? { rating, score, vector, source }
    : { rating, source };
}

function decodeEntry(value: unknown): AffectedEntry | undefined {
  if (!isObject(value)) return undefined;
  const name = textMember(value, 'n');
  const index = value['x'] ?? 0;
  const ecosystem = value['o'] ?? 'npm';
  const ranges = listMember(value, 'r').map(decodeRange);
  if (name === undefined || typeof index !== 'number' || ranges.includes(undefined)) return undefined;
  if (ecosystem !== 'npm' && ecosystem !== 'PyPI') return undefined;
  const severity = decodeSeverity(value);
  const problem = textMember(value, 'p');
  return {
    index,
    ecosystem,
    name,
    ranges: ranges as AffectedRange[],
    versions: texts(value, 'v'),
    ...(severity === undefined ? {} : { severity }),
    ...(problem === undefined ? {} : { problem }),
  };
}

function decodeRange(value: unknown): AffectedRange | undefined {
  if (!Array.isArray(value)) return undefined;
  const [index, type, problem, ...rest] = value as unknown[];
  if (typeof index !== 'number' || (type !== 0 && type !== 1) || rest.length % 2 !== 0) return undefined;
  const events = [];
  for (let at = 0; at < rest.length; at += 2) {
    const kind = EVENT_KINDS[rest[at] as number];
    const version = rest[at + 1];
    if (kind === undefined || typeof version !== 'string') return undefined;
    events.push({ kind, version });
  }
  return {
    index,
    type: type === 0 ? 'SEMVER' : 'ECOSYSTEM',
    events,
    ...(typeof problem === 'string' ? { problem } : {}),
  };
}
