import { DependencyError } from './errors.ts';
import { printable } from './printable.ts';

/** One pattern of a workspace's `packages`, as path segments. */
export interface MemberGlob {
  readonly segments: readonly string[];
  /** Written with a leading `!`: what matches is no member, whatever else matches it. */
  readonly isNegated: boolean;
}

/**
 * Reads one pattern: literal segments, `*` and `?` within a segment, `**` for any number of segments.
 *
 * @throws {DependencyError} `ERR_DEP_WORKSPACE` for a pattern that could leave the root, and for braces, classes and
 *   extended globs: reading one wrongly would hide a member.
 */
export function parseMemberGlob(pattern: string): MemberGlob {
  const isNegated = pattern.startsWith('!');
  const body = isNegated ? pattern.slice(1) : pattern;
  const segments = body.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (body === '' || body.startsWith('/') || segments.includes('..')) {
    throw new DependencyError(
      'ERR_DEP_WORKSPACE',
      `packages: expected a pattern inside the root, found "${printable(pattern)}"`,
    );
  }
  if (/[\\{}[\]()|]/.test(body)) {
    throw new DependencyError(
      'ERR_DEP_WORKSPACE',
      `packages: expected a pattern of *, ** and ?, found "${printable(pattern)}"`,
    );
  }
  return { segments, isNegated };
}

/** Where one pattern stands after some segments of a path: the indices of the segments that may come next. */
export type GlobState = ReadonlySet<number>;

/** The state before the first segment. */
export function startGlob(glob: MemberGlob): GlobState {
  return close(glob, [0]);
}

/** The state after one more segment; empty if nothing below can match. */
export function stepGlob(glob: MemberGlob, state: GlobState, name: string): GlobState {
  const next: number[] = [];
  for (const index of state) {
    const segment = glob.segments[index];
    if (segment === undefined) continue;
    // As in a shell, a wildcard does not find hidden folders; excluding them costs nothing and is allowed.
    const isHidden = name.startsWith('.') && !segment.startsWith('.') && !glob.isNegated;
    if (isHidden) continue;
    if (segment === '**') next.push(index);
    else if (matchesSegment(segment, name)) next.push(index + 1);
  }
  return close(glob, next);
}

/** Whether the path so far is matched. */
export function isGlobMatch(glob: MemberGlob, state: GlobState): boolean {
  return state.has(glob.segments.length);
}

/** `**` also stands for no segment at all. */
function close(glob: MemberGlob, indices: readonly number[]): GlobState {
  const closed = new Set<number>();
  for (let index of indices) {
    closed.add(index);
    while (glob.segments[index] === '**') closed.add(++index);
  }
  return closed;
}

/** Wildcards by greedy matching with one step back: linear for any pattern, unlike a regular expression. */
function matchesSegment(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p += 1;
      n += 1;
    } else if (star !== -1) {
      p = star + 1;
      n = ++resume;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
