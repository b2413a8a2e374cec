import { parseOsvRecord } from '../advisories/osv-record.ts';
import type { Advisory } from '../advisories/advisory.ts';
import type { AdvisorySource } from '../advisories/advisory-source.ts';

/** A record of the OSV schema, as JSON. */
export type OsvRecord = Readonly<Record<string, unknown>>;

/** A record about one package, with what a test changes in it. */
export function osvRecord(id: string, affected: object | readonly object[], more: object = {}): OsvRecord {
  return {
    schema_version: '1.7.3',
    id,
    modified: '2026-01-01T00:00:00Z',
    affected: Array.isArray(affected) ? affected : [affected],
    ...more,
  };
}

/** An entry for a package of npm, with one range of the events, written as `['introduced', '0', 'fixed', '1.0.0']`. */
export function npmEntry(name: string, ...events: readonly string[]): object {
  return entry('npm', name, 'SEMVER', events);
}

/** The same for PyPI. */
export function pypiEntry(name: string, ...events: readonly string[]): object {
  return entry('PyPI', name, 'ECOSYSTEM', events);
}

function entry(ecosystem: string, name: string, type: string, events: readonly string[]): object {
  return { package: { ecosystem, name }, ranges: [{ type, events: eventsOf(events) }] };
}

/** `['introduced', '0', 'fixed', '1']` as events. */
export function eventsOf(words: readonly string[]): object[] {
  const events: object[] = [];
  for (let at = 0; at < words.length; at += 2) events.push({ [words[at]!]: words[at + 1] });
  return events;
}

/** Parses a record that is known to be one. */
export function advisory(record: OsvRecord): Advisory {
  const parsed = parseOsvRecord(record);
  if (parsed === undefined) throw new TypeError('expected a record');
  return parsed;
}

/** A source that holds some records in memory. */
export function recordsSource(records: readonly OsvRecord[], asOf = new Date()): AdvisorySource {
  const known = records.map(advisory);
  return {
    description: { kind: 'records', asOf: asOf.toISOString(), records: known.length, rejected: 0 },
    advisoriesFor: (packages) =>
      Promise.resolve(
        known.filter(({ affected }) =>
          affected.some(({ ecosystem, name }) =>
            packages.some((one) => one.ecosystem === ecosystem && one.name === name),
          ),
        ),
      ),
    close: () => Promise.resolve(),
  };
}
