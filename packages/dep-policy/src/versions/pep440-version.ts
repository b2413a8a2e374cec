import { compareNumerals, parseNumeral } from './numeral.ts';
import type { Numeral } from './numeral.ts';

/** Longest version read, in characters. */
const MAX_LENGTH = 256;

/** A parsed version of PEP 440. */
export interface Pep440Version {
  readonly epoch: Numeral;
  /** Without trailing zeros: `1.0` and `1` are the same version. */
  readonly release: readonly Numeral[];
  /** Where it stands before or after its release: {@link PHASES} and a number each for pre, post and dev. */
  readonly pre: readonly [phase: number, number: Numeral];
  readonly post: Numeral;
  readonly dev: Numeral;
  /** Segments of the local version (after `+`), lower case; absent without one. */
  readonly local: readonly (Numeral | string)[] | undefined;
}

/** The pattern of PEP 440, appendix B. */
const PATTERN =
  /^\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d+)?)?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d+)?)?(?:[-_.]?(dev)[-_.]?(\d+)?)?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$/i;

/** Order of what comes before a release: a dev release without more, alpha, beta, candidate, the release itself. */
const PHASES = { dev: 0, a: 1, b: 2, rc: 3, final: 4 } as const;

const PHASE_OF: ReadonlyMap<string, number> = new Map([
  ['a', PHASES.a],
  ['alpha', PHASES.a],
  ['b', PHASES.b],
  ['beta', PHASES.b],
  ['c', PHASES.rc],
  ['rc', PHASES.rc],
  ['pre', PHASES.rc],
  ['preview', PHASES.rc],
]);

/** Before every post release there is, and after every dev release there is. */
const NO_POST = -1;
const NO_DEV = Infinity;

/**
 * Parses a Python version. Numbers of any size are exact.
 *
 * @returns undefined for text that is no version of PEP 440 (`2004d`, `0.2.0-n653`).
 * @see PEP 440, appendix B
 */
export function parsePep440(text: string): Pep440Version | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [, epoch = '0', release, pre, preNumber = '0', postShort, post, postNumber = '0'] = match;
  const [dev, devNumber = '0', local] = match.slice(8);
  const hasPost = postShort !== undefined || post !== undefined;
  const phase =
    pre === undefined
      ? dev !== undefined && !hasPost
        ? PHASES.dev
        : PHASES.final
      : PHASE_OF.get(pre.toLowerCase())!;
  return {
    epoch: parseNumeral(epoch),
    release: trimZeros(release!.split('.').map(parseNumeral)),
    pre: [phase, parseNumeral(preNumber)],
    post: hasPost ? parseNumeral(postShort ?? postNumber) : NO_POST,
    dev: dev === undefined ? NO_DEV : parseNumeral(devNumber),
    local: local
      ?.toLowerCase()
      .split(/[-_.]/)
      .map((part) => (/^\d+$/.test(part) ? parseNumeral(part) : part)),
  };
}

/** Order of two versions. @see PEP 440, "Summary of permitted suffixes and relative ordering" */
export function comparePep440(a: Pep440Version, b: Pep440Version): number {
  return (
    compareNumerals(a.epoch, b.epoch) ||
    compareLists(a.release, b.release) ||
    a.pre[0] - b.pre[0] ||
    compareNumerals(a.pre[1], b.pre[1]) ||
    compareNumerals(a.post, b.post) ||
    compareNumerals(a.dev, b.dev) ||
    compareLocal(a.local, b.local)
  );
}

/** The version that the public index knows: without what the builder of a local one has put behind the `+`. */
export function withoutLocal(version: Pep440Version): Pep440Version {
  return version.local === undefined ? version : { ...version, local: undefined };
}

/** Whether it is neither a pre-release nor a dev release. */
export function isFinalPep440({ pre, dev }: Pep440Version): boolean {
  return pre[0] === PHASES.final && dev === NO_DEV;
}

function trimZeros(release: Numeral[]): Numeral[] {
  let length = release.length;
  while (length > 0 && release[length - 1] === 0) length -= 1;
  return release.slice(0, length);
}

function compareLists(a: readonly Numeral[], b: readonly Numeral[]): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index += 1) {
    const order = compareNumerals(a[index]!, b[index]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareLocal(a: Pep440Version['local'], b: Pep440Version['local']): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index += 1) {
    const order = compareLocalSegments(a[index]!, b[index]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers come after words. */
function compareLocalSegments(a: Numeral | string, b: Numeral | string): number {
  if (typeof a === 'string') {
    if (typeof b !== 'string') return -1;
    return a < b ? -1 : a > b ? 1 : 0;
  }
  return typeof b === 'string' ? 1 : compareNumerals(a, b);
}
