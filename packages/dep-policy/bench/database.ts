// A database of the size and shape of npm's on osv.dev in January 2026, generated: 4,410 vulnerabilities and 209,647
// records of malware, 324 MB as lines of JSON. The same seed gives the same bytes.
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

const VULNERABILITIES = 4410;
const MALWARE = 209_647;
/** Packages that have vulnerabilities; each has one or two on average. */
const AFFECTED_PACKAGES = 3000;

/** A random number below a bound, from a seed. */
export type Random = (below: number) => number;

function generator(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** The name of a package that has vulnerabilities. */
function affectedName(index: number): string {
  return index % 5 === 0 ? `@scope-${index % 97}/affected-${index}` : `affected-${index}`;
}

const WORDS =
  'the package contains a flaw in its parser that lets an attacker who controls input read memory or run code when options are merged without checks upstream has released a version which validates lengths before copying'.split(
    ' ',
  );

function prose(random: Random, characters: number): string {
  const words: string[] = [];
  for (let length = 0; length < characters;) {
    const word = WORDS[random(WORDS.length)]!;
    words.push(word);
    length += word.length + 1;
  }
  return words.join(' ');
}

const hex = (random: Random, digits: number): string =>
  Array.from({ length: digits }, () => random(16).toString(16)).join('');

function vulnerability(random: Random, index: number): object {
  const name = affectedName(random(AFFECTED_PACKAGES));
  const major = random(4);
  const fixed = `${major + random(3)}.${random(12)}.${random(12)}`;
  const events = [{ introduced: random(3) === 0 ? `${Math.min(major, Number(fixed[0]))}.0.0` : '0' }];
  return {
    schema_version: '1.7.3',
    id: `GHSA-${hex(random, 4)}-${hex(random, 4)}-${index.toString(16).padStart(4, '0')}`,
    modified: '2026-01-10T12:00:00Z',
    published: '2025-06-01T12:00:00Z',
    aliases: [`CVE-2025-${10_000 + index}`],
    summary: prose(random, 60),
    details: prose(random, 900 + random(2200)),
    severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:L/A:N' }],
    affected: [
      {
        package: { ecosystem: 'npm', name, purl: `pkg:npm/${name.replace('@', '%40')}` },
        ranges: [
          { type: 'SEMVER', events: [...events, random(20) === 0 ? { last_affected: fixed } : { fixed }] },
        ],
        database_specific: { source: 'https://example.org/advisory.json' },
      },
    ],
    references: Array.from({ length: 4 }, () => ({
      type: 'WEB',
      url: `https://example.org/${hex(random, 40)}`,
    })),
    database_specific: { severity: 'HIGH', cwe_ids: ['CWE-79'], github_reviewed: true },
  };
}

function malware(random: Random, index: number): object {
  const name = `malicious-${hex(random, 6)}-${index}`;
  const entry = { package: { ecosystem: 'npm', name, purl: `pkg:npm/${name}` } };
  return {
    schema_version: '1.7.3',
    id: `MAL-2025-${index}`,
    modified: '2026-01-10T12:00:00Z',
    published: '2025-06-01T12:00:00Z',
    summary: `Malicious code in ${name} (npm)`,
    details: prose(random, 700 + random(300)),
    affected: [
      random(4) === 0
        ? { ...entry, versions: ['1.0.0', '1.0.1'] }
        : { ...entry, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }] }] },
    ],
    credits: [{ name: 'Example', type: 'FINDER', contact: ['https://example.org'] }],
    database_specific: {
      'malicious-packages-origins': [
        {
          id: `RLMA-2025-${index}`,
          source: 'example',
          sha256: hex(random, 64),
          import_time: '2025-06-01T12:00:00Z',
          modified_time: '2025-06-01T12:00:00Z',
        },
      ],
    },
  };
}

/** Writes all records, one a line. */
export async function writeDatabase(path: string): Promise<void> {
  const random = generator(214_057);
  const file = createWriteStream(path);
  const total = VULNERABILITIES + MALWARE;
  let lines: string[] = [];
  for (let index = 0; index < total; index += 1) {
    const isMalware = index % 49 !== 0 || index / 49 >= VULNERABILITIES;
    lines.push(JSON.stringify(isMalware ? malware(random, index) : vulnerability(random, index / 49)));
    if (lines.length === 1000 || index === total - 1) {
      if (!file.write(`${lines.join('\n')}\n`)) await once(file, 'drain');
      lines = [];
    }
  }
  file.end();
  await once(file, 'close');
}

/** A lock of npm, version 3: one in three packages has vulnerabilities, and each needs up to three others, eight
 * levels deep. */
export function makeLock(packages: number): object {
  const random = generator(packages);
  const names = Array.from({ length: packages }, (_, index) =>
    index % 3 === 0 ? affectedName(index / 3) : `plain-${index}`,
  );
  const unique = [
    ...new Set(
      names.map((name, index) => (index / 3 < AFFECTED_PACKAGES || index % 3 > 0 ? name : `plain-${index}`)),
    ),
  ];
  const entries: Record<string, object> = {
    '': {
      name: 'project',
      version: '1.0.0',
      dependencies: Object.fromEntries(unique.slice(0, 60).map((name) => [name, '*'])),
      devDependencies: Object.fromEntries(unique.slice(60, 100).map((name) => [name, '*'])),
    },
  };
  for (const [index, name] of unique.entries()) {
    const version = `${random(5)}.${random(12)}.${random(12)}`;
    const needs: Record<string, string> = {};
    const level = Math.ceil(unique.length / 8);
    const below = (Math.floor(index / level) + 1) * level;
    for (let count = random(4); count > 0 && below < unique.length; count -= 1) {
      needs[unique[below + random(Math.min(level, unique.length - below))]!] = '*';
    }
    const file = name.slice(name.indexOf('/') + 1);
    entries[`node_modules/${name}`] = {
      version,
      resolved: `https://registry.npmjs.org/${name}/-/${file}-${version}.tgz`,
      integrity: `sha512-${Buffer.from(hex(random, 64)).toString('base64')}`,
      ...(Object.keys(needs).length === 0 ? {} : { dependencies: needs }),
    };
  }
  return { name: 'project', version: '1.0.0', lockfileVersion: 3, requires: true, packages: entries };
}
