import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { NO_OSV_VECTORS, OSV_VECTORS } from '../testing/shared-vectors.ts';
import { compareVersions } from './version-order.ts';

const SIGNS = new Map([
  ['<', -1],
  ['=', 0],
  ['>', 1],
]);

/** Texts that the other project compares with rules of its own, and that are no versions. */
const NO_VERSIONS = {
  npm: /\d+\.\d+\.\d+\.\d/,
  PyPI: /bulbasaur|charmander|doduo|eevee|fearow|gyarados|horsea|ivysaur|^-class/,
};

it.skipIf(NO_OSV_VECTORS).each([
  ['npm', 'semver-versions.txt', 80],
  ['PyPI', 'pypi-versions.txt', 25],
] as const)(
  `agrees with every fact of OSV-Scalibr about the order of %s (${NO_OSV_VECTORS ?? '%s'})`,
  (ecosystem, file, least) => {
    const facts = readFileSync(join(OSV_VECTORS, 'versions', file), 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('//'))
      .map((line) => line.split(' ') as [string, string, string]);
    const wrong = facts.filter(([a, sign, b]) => {
      if ([a, b].some((text) => NO_VERSIONS[ecosystem].test(text))) {
        return compareVersions(ecosystem, a, b) !== undefined;
      }
      return compareVersions(ecosystem, a, b) !== SIGNS.get(sign);
    });
    expect(facts.length).toBeGreaterThan(least);
    expect(wrong).toEqual([]);
  },
);
