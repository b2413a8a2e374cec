import type { ArmResult, Bench, CaseResult, Spread } from './bench.ts';
import type { Machine } from './machine.ts';

const HEADINGS = ['arm', 'items', 'wall ms', 'p10 - p90', 'CPU ms', 'items/s', 'speed', 'p10 - p90', 'CPU'];

/** Draws the results for people: one table per case, and below it how to get the same again. */
export function formatResults(
  { title, unit }: Bench,
  results: readonly CaseResult[],
  { node, cpu, cores, memoryGiB, platform }: Machine,
  command: string,
): string {
  const tables = results.map(({ name, rounds, arms }) =>
    [`${name}, ${rounds} rounds`, ...align([HEADINGS, ...arms.map(formatArm)])].join('\n'),
  );
  return [
    title,
    ...tables,
    [
      `Times are per ${unit}, the median of all rounds. Speed and CPU are ratios against the baseline (*),`,
      'taken round by round: speed above 1 is faster, CPU above 1 costs more.',
      `Node ${node}, ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}`,
      `Again: ${command}`,
    ].join('\n'),
  ].join('\n\n');
}

function formatArm(arm: ArmResult): readonly string[] {
  return [
    arm.baseline ? `${arm.name} *` : arm.name,
    String(arm.items),
    formatNumber(arm.wallMs.median),
    formatRange(arm.wallMs),
    formatNumber(arm.cpuMs.median),
    formatNumber(arm.itemsPerSecond),
    `${formatNumber(arm.speedRatio.median)}x`,
    formatRange(arm.speedRatio),
    `${formatNumber(arm.cpuRatio.median)}x`,
  ];
}

function formatRange({ p10, p90 }: Spread): string {
  return `${formatNumber(p10)} - ${formatNumber(p90)}`;
}

/** Three significant digits, never in exponent form. */
function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return String(Number(value.toPrecision(3)));
}

function align(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
}
