import { compare as comparePep440 } from '@renovatebot/pep440';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import type { Ecosystem } from '../ecosystem.ts';
import { versionOrder } from '../versions/version-order.ts';
import type { AffectedRange, EventKind, RangeEvent } from './advisory.ts';
import { prepareRange, rangeIncludes } from './range.ts';

/** A random number generator with a seed: the same 100,000 ranges every time. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 12), 0x297a2d39);
    mixed ^= mixed >>> 15;
    return (mixed >>> 0) % below;
  };
}

/** Versions with everything that makes order hard, and the order that another library gives them. */
function pool(ecosystem: Ecosystem): { readonly texts: string[]; readonly ranks: Map<string, number> } {
  const texts =
    ecosystem === 'npm'
      ? ['0.0.1', '0.9.0', '1.0.0', '1.0.1', '1.2.3', '1.10.0', '2.0.0', '2.1.0', '10.0.0'].flatMap(
          (release) =>
            ['', '-0', '-alpha', '-alpha.1', '-alpha.beta', '-beta.2', '-beta.11', '-rc.1', '-1'].map(
              (tail) => release + tail,
            ),
        )
      : ['', '1!'].flatMap((epoch) =>
          ['0.9', '1.0', '1.0.1', '1.9.1', '2.0', '10.0'].flatMap((release) =>
            ['', 'a1', 'b2', 'rc1', '.dev1', '.post1', '.post1.dev1', 'a1.dev2', '.0', 'rc1.post2'].map(
              (tail) => epoch + release + tail,
            ),
          ),
        );
  const compare = ecosystem === 'npm' ? semver.compare : comparePep440;
  const sorted = texts.toSorted(compare);
  const ranks = new Map<string, number>();
  let rank = 0;
  for (const [index, text] of sorted.entries()) {
    if (index > 0 && compare(sorted[index - 1]!, text) !== 0) rank += 1;
    ranks.set(text, rank);
  }
  return { texts, ranks };
}

/**
 * The evaluation algorithm of the OSV schema, as its pseudo-code has it, on versions as ranks.
 *
 * @see https://ossf.github.io/osv-schema/#evaluation
 */
function includedInRange(
  version: number,
  events: readonly RangeEvent[],
  ranks: ReadonlyMap<string, number>,
): boolean {
  const rankOf = ({ kind, version: text }: RangeEvent): number => {
    if (kind === 'introduced' && text === '0') return -1;
    return kind === 'limit' && text === '*' ? Infinity : ranks.get(text)!;
  };
  const limits = events.filter(({ kind }) => kind === 'limit');
  const beforeLimits = limits.length === 0 || limits.some((limit) => version < rankOf(limit));
  if (!beforeLimits) return false;
  let vulnerable = false;
  const order = ['introduced', 'fixed', 'last_affected'];
  const sorted = events
    .filter(({ kind }) => kind !== 'limit')
    .toSorted(
      (a, b) => rankOf(a) - rankOf(b) || Math.sign(order.indexOf(a.kind)) - Math.sign(order.indexOf(b.kind)),
    );
  for (const event of sorted) {
    if (event.kind === 'introduced' && version >= rankOf(event)) vulnerable = true;
    else if (event.kind === 'fixed' && version >= rankOf(event)) vulnerable = false;
    else if (event.kind === 'last_affected' && version > rankOf(event)) vulnerable = false;
  }
  return vulnerable;
}

function randomEvents(random: (below: number) => number, texts: readonly string[]): RangeEvent[] {
  const kinds: readonly EventKind[] = [
    'introduced',
    'fixed',
    'last_affected',
    'introduced',
    'fixed',
    'limit',
  ];
  const events: RangeEvent[] = [
    { kind: 'introduced', version: random(3) === 0 ? '0' : texts[random(texts.length)]! },
  ];
  for (let count = random(6); count > 0; count -= 1) {
    const kind = kinds[random(kinds.length)]!;
    const version = kind === 'limit' && random(4) === 0 ? '*' : texts[random(texts.length)]!;
    events.push({ kind, version });
  }
  // Shuffled: the schema only recommends an order.
  for (let at = events.length - 1; at > 0; at -= 1) {
    const other = random(at + 1);
    [events[at], events[other]] = [events[other]!, events[at]!];
  }
  return events;
}

describe.each(['npm', 'PyPI'] as const)('%s', (ecosystem) => {
  it('agrees with the pseudo-code of the schema on 50,000 random ranges', { timeout: 60_000 }, () => {
    const random = generator(ecosystem === 'npm' ? 1 : 2);
    const { texts, ranks } = pool(ecosystem);
    const order = versionOrder(ecosystem);
    const wrong: unknown[] = [];
    let included = 0;
    for (let run = 0; run < 50_000; run += 1) {
      const events = randomEvents(random, texts);
      const version = texts[random(texts.length)]!;
      // A local version is that of somebody's own build of a public one.
      const asked = ecosystem === 'PyPI' && random(4) === 0 ? `${version}+cu112.1` : version;
      const expected = includedInRange(ranks.get(version)!, events, ranks);
      const range = prepareRange(ecosystem, { index: 0, type: 'ECOSYSTEM', events })!;
      const found = rangeIncludes(ecosystem, range, order.publicVersion(order.parse(asked)!));
      included += Number(found);
      if (found !== expected) wrong.push({ asked, events });
    }
    expect(wrong).toEqual([]);
    // Neither answer is so rare that nothing was tested.
    expect(included).toBeGreaterThan(10_000);
    expect(included).toBeLessThan(40_000);
  });
});

describe('a range', () => {
  const includes = (version: string, ...words: readonly string[]): boolean => {
    const events: RangeEvent[] = [];
    for (let at = 0; at < words.length; at += 2)
      events.push({ kind: words[at] as EventKind, version: words[at + 1]! });
    const range: AffectedRange = { index: 0, type: 'SEMVER', events };
    return rangeIncludes('npm', prepareRange('npm', range)!, versionOrder('npm').parse(version)!);
  };

  it('from 0 includes pre-releases of the first version', () => {
    expect(includes('0.0.0-0', 'introduced', '0', 'fixed', '1.0.0')).toBe(true);
  });

  it('includes the candidates of the fixed version, and not the version itself', () => {
    expect(includes('1.0.0-rc.1', 'introduced', '0', 'fixed', '1.0.0')).toBe(true);
    expect(includes('1.0.0', 'introduced', '0', 'fixed', '1.0.0')).toBe(false);
  });

  it('begins with the introduced version, and not with its candidates', () => {
    expect(includes('2.0.0', 'introduced', '2.0.0')).toBe(true);
    expect(includes('2.0.0-rc.1', 'introduced', '2.0.0')).toBe(false);
  });

  it('ends after the last affected version', () => {
    expect(includes('1.4.2', 'introduced', '1.0.0', 'last_affected', '1.4.2')).toBe(true);
    expect(includes('1.4.3-0', 'introduced', '1.0.0', 'last_affected', '1.4.2')).toBe(false);
  });

  it('is empty from a version to itself', () => {
    expect(includes('1.0.0', 'fixed', '1.0.0', 'introduced', '1.0.0')).toBe(false);
  });

  it('is limited by the highest of its limits', () => {
    expect(includes('1.9.9', 'introduced', '0', 'limit', '1.0.0', 'limit', '2.0.0')).toBe(true);
    expect(includes('2.0.0', 'introduced', '0', 'limit', '1.0.0', 'limit', '2.0.0')).toBe(false);
    expect(includes('2.0.0', 'introduced', '0', 'limit', '*')).toBe(true);
  });

  it('cannot be evaluated with an event that is no version', () => {
    const events: RangeEvent[] = [
      { kind: 'introduced', version: '6.10.0' },
      { kind: 'fixed', version: '7.2.4, 6.11.4' },
    ];
    expect(prepareRange('npm', { index: 0, type: 'SEMVER', events })).toBeUndefined();
  });
});
