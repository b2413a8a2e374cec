/** Levels of severity, from the least. `unknown` is not low: nobody has said how bad it is. */
export const RATINGS = ['none', 'low', 'medium', 'unknown', 'high', 'critical'] as const;

/** One of {@link RATINGS}. */
export type Rating = (typeof RATINGS)[number];

/** How bad an advisory is, and who says so. */
export interface Severity {
  readonly rating: Rating;
  /** 0 to 10, from the vector. */
  readonly score?: number;
  /** The CVSS vector that the score was computed from. */
  readonly vector?: string;
  /** `database` is the word in `database_specific.severity`; `malware` needs no score. */
  readonly source: 'cvss-4' | 'cvss-3' | 'cvss-2' | 'database' | 'malware' | 'none';
}

/** Nobody has said. */
export const UNKNOWN_SEVERITY: Severity = { rating: 'unknown', source: 'none' };

/** A malicious package is as bad as it gets. */
export const MALWARE_SEVERITY: Severity = { rating: 'critical', source: 'malware' };

const WORDS: ReadonlyMap<string, Rating> = new Map([
  ['none', 'none'],
  ['low', 'low'],
  ['moderate', 'medium'],
  ['medium', 'medium'],
  ['important', 'high'],
  ['high', 'high'],
  ['critical', 'critical'],
]);

/** The severity that a database gives as a word (`MODERATE`), if it is one that is known. */
export function severityOfWord(word: unknown): Severity | undefined {
  const rating = typeof word === 'string' ? WORDS.get(word.trim().toLowerCase()) : undefined;
  return rating === undefined ? undefined : { rating, source: 'database' };
}

/**
 * The rating of a score. CVSS 2 has no critical.
 *
 * @see CVSS 3.1 section 5, CVSS 4.0 section 6; NVD for CVSS 2
 */
export function ratingOfScore(score: number, version: 2 | 3 | 4): Rating {
  if (score >= 9 && version !== 2) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  return score > 0 || version === 2 ? 'low' : 'none';
}

/** The worst of several. One that is unknown does not hide one that is known. */
export function worstSeverity(severities: readonly Severity[]): Severity {
  let worst: Severity | undefined;
  for (const severity of severities) {
    if (severity.rating === 'unknown') continue;
    if (worst === undefined || compareSeverity(severity, worst) > 0) worst = severity;
  }
  return worst ?? UNKNOWN_SEVERITY;
}

/** Order of two severities by rating, then by score. */
export function compareSeverity(a: Severity, b: Severity): number {
  return RATINGS.indexOf(a.rating) - RATINGS.indexOf(b.rating) || (a.score ?? 0) - (b.score ?? 0);
}
