// What verification costs against the bare work that it cannot do without. Each case brings its own baseline and goal.
// VERIFIER_MB sets the size of the models (500). VERIFIER_CASES picks cases by a part of their name.
import type { BenchCase } from './bench-case.ts';
import { inspectCases } from './inspect.cases.ts';
import { openCases } from './open.cases.ts';
import { signatureCases } from './signature.cases.ts';

const wanted = process.env['VERIFIER_CASES'] ?? '';
const cases = new Map<string, BenchCase>(
  [...signatureCases, ...openCases, ...inspectCases]
    .filter(({ name }) => name.includes(wanted))
    .map((one) => [one.name, one]),
);

interface ArmResult {
  readonly name: string;
  readonly wallMs: { readonly median: number };
  readonly speedRatio: { readonly median: number };
}
interface CaseResult {
  readonly name: string;
  readonly arms: readonly ArmResult[];
}

function verdict({ name, arms }: CaseResult): string {
  const { goal } = cases.get(name)!;
  const { wallMs, speedRatio } = arms.find((arm) => arm.name === 'verifier')!;
  const [value, aim, met] =
    'minSpeed' in goal
      ? [
          `${speedRatio.median.toFixed(2)} x`,
          `>= ${goal.minSpeed.toFixed(2)} x`,
          speedRatio.median >= goal.minSpeed,
        ]
      : [`${wallMs.median.toFixed(2)} ms`, `<= ${goal.maxMs} ms`, wallMs.median <= goal.maxMs];
  return `${met ? 'met   ' : 'MISSED'}  ${name}: ${value} (goal ${aim})`;
}

export default {
  title: 'verify a model, against the bare work of each case',
  unit: 'model',
  cases: [...cases.keys()],
  rounds: 9,
  warmup: 1,
  async prepare(): Promise<void> {
    for (const one of cases.values()) await one.prepare?.();
  },
  async dispose(): Promise<void> {
    for (const one of cases.values()) await one.dispose?.();
  },
  arms: [
    {
      name: 'baseline',
      baseline: true,
      run: async (name: string): Promise<void> => {
        await cases.get(name)!.baseline();
      },
    },
    {
      name: 'verifier',
      run: async (name: string): Promise<void> => {
        await cases.get(name)!.measured();
      },
    },
  ],
  report: (results: readonly CaseResult[]): string => results.map(verdict).join('\n'),
};
