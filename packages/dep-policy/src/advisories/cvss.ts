import { createRequire } from 'node:module';
import type cvss from 'ae-cvss-calculator';
import { ratingOfScore } from './severity.ts';
import type { Severity } from './severity.ts';

/** Versions of CVSS, and the class of the calculator for each. */
const VERSIONS = [
  { prefix: 'CVSS:4.0/', version: 4, source: 'cvss-4', calculator: 'Cvss4P0' },
  { prefix: 'CVSS:3.1/', version: 3, source: 'cvss-3', calculator: 'Cvss3P1' },
  { prefix: 'CVSS:3.0/', version: 3, source: 'cvss-3', calculator: 'Cvss3P0' },
  { prefix: '', version: 2, source: 'cvss-2', calculator: 'Cvss2' },
] as const;

const require = createRequire(import.meta.url);
let library: typeof cvss | undefined;

/** Loaded with the first vector: most programs that use this package never see one. */
function calculators(): typeof cvss {
  return (library ??= require('ae-cvss-calculator') as typeof cvss);
}

/** Longest vector read, in characters: CVSS 4.0 with every metric has under 200. */
const MAX_VECTOR_LENGTH = 512;

/**
 * Scores a CVSS vector of version 2.0, 3.0, 3.1 or 4.0: the base score, and for 4.0 the one score that the vector as
 * written has.
 *
 * @returns undefined for text that is no complete vector: one metric missing, unknown or given twice.
 */
export function scoreCvss(vector: string): Severity | undefined {
  if (vector.length > MAX_VECTOR_LENGTH) return undefined;
  const known = VERSIONS.find(({ prefix }) => vector.startsWith(prefix));
  if (known === undefined) return undefined;
  const metrics = vector
    .slice(known.prefix.length)
    .replace(/^\((.*)\)$/, '$1')
    .split('/');
  const names = metrics.map((metric) => /^([A-Za-z]+):[A-Za-z]+$/.exec(metric)?.[1]);
  if (names.includes(undefined) || new Set(names).size !== names.length) return undefined;
  try {
    const parsed = new (calculators()[known.calculator])(known.prefix + metrics.join('/'));
    // The calculator reads on past what it does not know, so an unknown value or metric would not be noticed.
    const written = new Set(parsed.toString(false).replace(known.prefix, '').split('/'));
    if (!parsed.isBaseFullyDefined() || metrics.some((metric) => !written.has(metric))) return undefined;
    const { base, overall } = parsed.calculateScores(false);
    const score = known.version === 4 ? overall : base;
    if (score === undefined || !Number.isFinite(score)) return undefined;
    return { rating: ratingOfScore(score, known.version), score, vector, source: known.source };
  } catch {
    // The library throws texts of its own; to us they all say that this is no vector.
    return undefined;
  }
}
