import type { Point } from '../geometry.ts';

/** A map of values, row by row. */
export interface ValueMap {
  readonly values: Float32Array;
  readonly width: number;
  readonly height: number;
}

/** A connected set of pixels over a threshold, as the stretch of x that it covers in each row. */
export interface Component {
  readonly pixelCount: number;
  /**
   * Mean of the map over these pixels and those enclosed by them, seen along rows and along columns: the rim of a cup
   * is no text, while a bent line does not answer for what lies beside its bend.
   */
  readonly mean: number;
  readonly top: number;
  /** First covered x of each row from `top` on. */
  readonly lefts: Int32Array;
  /** One past the last covered x of each row from `top` on. */
  readonly rights: Int32Array;
}

export interface ComponentLimits {
  /** Components with both sides shorter than this are noise, in pixels. */
  readonly minSide: number;
  /** Only this many are returned, those with the most pixels. */
  readonly maxComponents: number;
}

interface Runs {
  /** Row, first x and one past the last x of each run of pixels, row by row. */
  readonly rows: number[];
  readonly starts: number[];
  readonly ends: number[];
  /** Union-find forest over the runs. */
  readonly parents: number[];
}

/**
 * Finds 8-connected components in time linear in the number of pixels, however many components there are.
 * The shape of one component is only worked out after the limits have thrown the rest away.
 */
export function findComponents(
  map: ValueMap,
  threshold: number,
  { minSide, maxComponents }: ComponentLimits,
): Component[] {
  const runs = findRuns(map, threshold);
  const groups = groupRuns(runs);
  return groups
    .filter((group) => Math.max(group.right - group.left, group.bottom - group.top) >= minSide)
    .sort((a, b) => b.pixelCount - a.pixelCount)
    .slice(0, maxComponents)
    .map((group) => outline(group, runs, map));
}

function findRuns({ values, width, height }: ValueMap, threshold: number): Runs {
  const runs: Runs = { rows: [], starts: [], ends: [], parents: [] };
  let above = 0;
  let current = 0;
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let candidate = above;
    for (let x = 0; x < width; x++) {
      // NaN is over no threshold.
      if (!(values[row + x]! > threshold)) {
        continue;
      }
      const start = x;
      while (x < width && values[row + x]! > threshold) {
        x++;
      }
      const run = runs.rows.length;
      runs.rows.push(y);
      runs.starts.push(start);
      runs.ends.push(x);
      runs.parents.push(run);
      // Runs of the row above touch this one also by a corner.
      while (candidate < current && runs.ends[candidate]! < start) {
        candidate++;
      }
      for (let touching = candidate; touching < current && runs.starts[touching]! <= x; touching++) {
        join(runs.parents, touching, run);
      }
    }
    above = current;
    current = runs.rows.length;
  }
  return runs;
}

function findRoot(parents: number[], run: number): number {
  let root = run;
  while (parents[root]! !== root) {
    // Path halving keeps the trees flat.
    parents[root] = parents[parents[root]!]!;
    root = parents[root]!;
  }
  return root;
}

function join(parents: number[], a: number, b: number): void {
  const rootA = findRoot(parents, a);
  const rootB = findRoot(parents, b);
  parents[Math.max(rootA, rootB)] = Math.min(rootA, rootB);
}

interface Group {
  left: number;
  right: number;
  top: number;
  bottom: number;
  pixelCount: number;
  readonly members: number[];
}

function groupRuns({ rows, starts, ends, parents }: Runs): Group[] {
  const groups = new Map<number, Group>();
  for (let run = 0; run < rows.length; run++) {
    const root = findRoot(parents, run);
    const row = rows[run]!;
    let group = groups.get(root);
    if (group === undefined) {
      group = {
        left: starts[run]!,
        right: ends[run]!,
        top: row,
        bottom: row + 1,
        pixelCount: 0,
        members: [],
      };
      groups.set(root, group);
    }
    group.left = Math.min(group.left, starts[run]!);
    group.right = Math.max(group.right, ends[run]!);
    group.bottom = row + 1;
    group.pixelCount += ends[run]! - starts[run]!;
    group.members.push(run);
  }
  return [...groups.values()];
}

function outline(
  { top, bottom, left, right, pixelCount, members }: Group,
  { rows, starts, ends }: Runs,
  map: ValueMap,
): Component {
  const lefts = new Int32Array(bottom - top).fill(right);
  const rights = new Int32Array(bottom - top);
  const tops = new Int32Array(right - left).fill(bottom);
  const bottoms = new Int32Array(right - left);
  for (const run of members) {
    const y = rows[run]!;
    lefts[y - top] = Math.min(lefts[y - top]!, starts[run]!);
    rights[y - top] = Math.max(rights[y - top]!, ends[run]!);
    for (let x = starts[run]!; x < ends[run]!; x++) {
      tops[x - left] = Math.min(tops[x - left]!, y);
      bottoms[x - left] = y;
    }
  }
  const isEnclosed = (x: number, y: number): boolean => y >= tops[x - left]! && y <= bottoms[x - left]!;
  let sum = 0;
  let count = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = lefts[y - top]!; x < rights[y - top]!; x++) {
      if (isEnclosed(x, y)) {
        const value = map.values[y * map.width + x]!;
        sum += value > 0 ? value : 0;
        count++;
      }
    }
  }
  return { pixelCount, mean: sum / count, top, lefts, rights };
}

/** Centres of the outermost pixels of each row, top to bottom: their convex hull is that of the whole component. */
export function outermostPixels({ top, lefts, rights }: Component): Point[] {
  const points: Point[] = [];
  lefts.forEach((left, row) => {
    points.push([left + 0.5, top + row + 0.5], [rights[row]! - 0.5, top + row + 0.5]);
  });
  return points;
}
