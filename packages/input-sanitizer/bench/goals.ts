/** The part of a result that goals are held against. */
export interface CaseResult {
  readonly name: string;
  readonly arms: readonly {
    readonly name: string;
    readonly wallMs: { readonly median: number };
    /** Baseline by this arm: above 1 is faster. */
    readonly speedRatio: { readonly median: number };
  }[];
}

interface Goal {
  readonly arm: string;
  /** Cases whose name has one of these words; all if there are none. */
  readonly cases?: readonly string[];
  readonly most: number;
  /** `times` the baseline, `ms` per item, or `of` another arm's time. */
  readonly unit: 'times' | 'ms' | { readonly of: string };
}

const GOALS: readonly Goal[] = [
  { arm: 'fast', most: 1.1, unit: 'times' },
  { arm: 'pil-bilinear', cases: ['256 x 256', '640 x 480'], most: 1.3, unit: 'times' },
  { arm: 'pil-bilinear', cases: ['1.2 MP'], most: 2.2, unit: 'times' },
  { arm: 'pil-bilinear', cases: ['12 MP'], most: 3, unit: 'times' },
  { arm: 'cv2-linear', cases: ['12 MP'], most: 2.6, unit: 'times' },
  { arm: 'header only', most: 0.01, unit: { of: 'decode only' } },
  { arm: 'refused', most: 10, unit: 'ms' },
  { arm: 'conversion only', most: 0.4, unit: 'ms' },
];

/** One line per goal and case: what was asked, what was found, met or missed. */
export function holdAgainstGoals(results: readonly CaseResult[]): string {
  return results
    .flatMap(({ name, arms }) =>
      GOALS.filter(({ cases }) => cases?.some((words) => name.startsWith(words)) ?? true).map((goal) => {
        const found = measure(goal, arms);
        if (found === undefined) return `${name}, ${goal.arm}: not measured`;
        const unit = goal.unit === 'ms' ? ' ms' : goal.unit === 'times' ? ' x bare' : ` x ${goal.unit.of}`;
        const verdict = found <= goal.most ? 'met' : 'MISSED';
        return `${verdict.padEnd(6)} ${name}, ${goal.arm}: ${found.toFixed(3)}${unit}, goal at most ${goal.most}`;
      }),
    )
    .join('\n');
}

function measure({ arm, unit }: Goal, arms: CaseResult['arms']): number | undefined {
  const find = (name: string) => arms.find((result) => result.name === name);
  const result = find(arm);
  if (result === undefined) return undefined;
  if (unit === 'ms') return result.wallMs.median;
  if (unit === 'times') return 1 / result.speedRatio.median;
  const other = find(unit.of);
  return other && result.wallMs.median / other.wallMs.median;
}
