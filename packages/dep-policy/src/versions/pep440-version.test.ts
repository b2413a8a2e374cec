import { spawnSync } from 'node:child_process';
import { compare } from '@renovatebot/pep440';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareVersions } from './version-order.ts';
import { parsePep440 } from './pep440-version.ts';

const number = fc.nat({ max: 3 });
const separator = fc.constantFrom('', '.', '-', '_');
const optional = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(arbitrary, { nil: undefined });

/** Versions in all the spellings that PEP 440 allows. */
const version = fc
  .record({
    prefix: fc.constantFrom('', '', '', 'v'),
    epoch: optional(number),
    release: fc.array(number, { minLength: 1, maxLength: 4 }),
    pre: optional(
      fc.tuple(
        separator,
        fc.constantFrom('a', 'b', 'rc', 'c', 'alpha', 'Beta', 'pre', 'preview'),
        separator,
        optional(number),
      ),
    ),
    post: optional(
      fc.oneof(
        number.map((value) => `-${value}`),
        fc
          .tuple(separator, fc.constantFrom('post', 'rev', 'r'), separator, number)
          .map((parts) => parts.join('')),
      ),
    ),
    dev: optional(fc.tuple(separator, fc.constant('dev'), optional(number))),
    local: optional(
      fc.array(fc.constantFrom('cu112', '1', '10', 'abc', 'ubuntu'), { minLength: 1, maxLength: 3 }),
    ),
  })
  .map(({ prefix, epoch, release, pre, post, dev, local }) =>
    [
      prefix,
      epoch === undefined ? '' : `${epoch}!`,
      release.join('.'),
      pre === undefined ? '' : pre.map((part) => part ?? '').join(''),
      post ?? '',
      dev === undefined ? '' : dev.map((part) => part ?? '').join(''),
      local === undefined ? '' : `+${local.join('.')}`,
    ].join(''),
  );

const PROGRAM = `
import json, sys
from packaging.version import Version, InvalidVersion
def parse(text):
    try:
        return Version(text)
    except InvalidVersion:
        return None
answers = []
for a, b in json.load(sys.stdin):
    a, b = parse(a), parse(b)
    answers.append(None if a is None or b is None else (a > b) - (a < b))
print(json.dumps(answers))
`;

const python = spawnSync('python3', ['-c', 'import packaging.version'], { encoding: 'utf8' });
const noPython = python.status !== 0;

it.skipIf(noPython)(
  `orders 20,000 pairs as Python's packaging does${noPython ? ' (skipped: no python3 with packaging)' : ''}`,
  { timeout: 60_000 },
  () => {
    const generated = fc.sample(fc.tuple(version, version), { numRuns: 19_990, seed: 440 });
    const pairs = [
      ...generated,
      ['1.0.dev1', '1.0a1'],
      ['1.0.post1.dev1', '1.0'],
      ['1.0a1.post1', '1.0a1'],
      ['2004d', '1.0'],
      ['0.2.0-n653', '0.2.0'],
      [' 1.0 ', '1.0'],
      ['1.0+abc', '1.0+1'],
      ['20260101000000000001', '20260101000000000002'],
      ['1.0-1', '1.0.post1'],
      ['1!0.1', '99'],
    ];
    const answer = spawnSync('python3', ['-c', PROGRAM], {
      input: JSON.stringify(pairs),
      encoding: 'utf8',
      maxBuffer: 1 << 24,
    });
    const expected = JSON.parse(answer.stdout) as (number | null)[];
    const found = pairs.map(([a, b]) => compareVersions('PyPI', a!, b!) ?? null);
    const wrong = pairs.filter((_, index) => expected[index] !== found[index]);
    expect({ wrong, compared: found.length }).toEqual({ wrong: [], compared: 20_000 });
  },
);

it('orders versions as the library of Renovate does', () => {
  fc.assert(
    fc.property(version, version, (a, b) => {
      expect(compareVersions('PyPI', a, b)).toBe(Math.sign(compare(a, b)));
    }),
    { numRuns: 3000 },
  );
});

it('tells numbers apart that are equal as floating-point numbers', () => {
  expect(compareVersions('PyPI', '20260101000000000001', '20260101000000000002')).toBe(-1);
});

it.each(['2004d', '0.2.0-n653', '', '1..0', '1.0 beta 2', 'dev', '1.0+', `${'1.'.repeat(128)}1`])(
  'takes no version out of %j',
  (text) => {
    expect(parsePep440(text)).toBeUndefined();
  },
);
