import { DEFAULT_ROUNDS, DEFAULT_WARMUP } from './bench.ts';
import type { Arm, ArmResult, Bench, CaseResult } from './bench.ts';
import { pairedRatio, spread } from './statistics.ts';

/** What a run needs beside the bench itself. */
export interface RoundOptions {
  /** Measured rounds per case. Default: what the module says, else 15. Minimum 1. */
  readonly rounds?: number;
  /** Called before every round; `round` counts from 0, warm-up rounds first. */
  onRound?(caseName: string, round: number, rounds: number): void;
  /** Clocks in milliseconds, for tests. Default: `performance.now` and the CPU time of this process. */
  readonly clock?: Clock;
}

/** Wall and CPU time so far, in milliseconds. */
export interface Clock {
  wall(): number;
  cpu(): number;
}

type Disposable = Pick<Bench, 'dispose'>;

interface Sample {
  readonly items: number;
  readonly wallMs: number;
  readonly cpuMs: number;
}

const processClock: Clock = {
  wall: () => performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

/**
 * Runs every case in interleaved rounds, A B C A B C …, and hands back the numbers. Whatever was prepared
 * is disposed of again, also when an arm throws; the first error is the one that comes out.
 */
export async function runRounds(bench: Bench, options: RoundOptions = {}): Promise<readonly CaseResult[]> {
  const opened: Disposable[] = [];
  const results: CaseResult[] = [];
  try {
    for (const one of [bench, ...bench.arms]) {
      opened.push(one);
      await one.prepare?.();
    }
    for (const caseName of bench.cases ?? ['default']) results.push(await runCase(bench, caseName, options));
  } catch (error) {
    // What stopped the rounds says more than what clearing up after it may throw.
    await disposeAll(opened).catch(() => undefined);
    throw error;
  }
  await disposeAll(opened);
  return results;
}

/** Last opened first; one that throws does not keep the others from being disposed of. */
async function disposeAll(opened: readonly Disposable[]): Promise<void> {
  const errors: unknown[] = [];
  for (const one of opened.toReversed()) {
    try {
      await one.dispose?.();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0)
    throw new AggregateError(errors, 'A bench could not be disposed of', { cause: errors[0] });
}

async function runCase(bench: Bench, name: string, options: RoundOptions): Promise<CaseResult> {
  const rounds = options.rounds ?? bench.rounds ?? DEFAULT_ROUNDS;
  const warmup = bench.warmup ?? DEFAULT_WARMUP;
  const clock = options.clock ?? processClock;
  const samples = new Map<Arm, Sample[]>(bench.arms.map((arm) => [arm, []]));
  for (let round = 0; round < warmup + rounds; round += 1) {
    options.onRound?.(name, round, warmup + rounds);
    for (const arm of bench.arms) {
      const sample = await runOnce(arm, name, clock);
      if (round >= warmup) samples.get(arm)!.push(sample);
    }
  }
  const baseline = bench.arms.find((arm) => arm.baseline) ?? bench.arms[0]!;
  const against = samples.get(baseline)!;
  return {
    name,
    rounds,
    arms: bench.arms.map((arm) => summarize(arm.name, samples.get(arm)!, against, arm === baseline)),
  };
}

async function runOnce(arm: Arm, caseName: string, clock: Clock): Promise<Sample> {
  const cpuBefore = clock.cpu();
  const wallBefore = clock.wall();
  const { items, cpuMs = 0 } = (await arm.run(caseName)) ?? { items: 1 };
  const wallMs = clock.wall() - wallBefore;
  const ownCpuMs = clock.cpu() - cpuBefore;
  if (!(items >= 1 && cpuMs >= 0 && Number.isFinite(items) && Number.isFinite(cpuMs))) {
    throw new RangeError(
      `Expected ${arm.name} to report 1 item or more and cpuMs of 0 or more, but found ${items} and ${cpuMs}`,
    );
  }
  return { items, wallMs: wallMs / items, cpuMs: (ownCpuMs + cpuMs) / items };
}

function summarize(
  name: string,
  own: readonly Sample[],
  base: readonly Sample[],
  baseline: boolean,
): ArmResult {
  const wall = (samples: readonly Sample[]): number[] => samples.map(({ wallMs }) => wallMs);
  const cpu = (samples: readonly Sample[]): number[] => samples.map(({ cpuMs }) => cpuMs);
  const wallMs = spread(wall(own));
  return {
    name,
    baseline,
    items: own.reduce((sum, { items }) => sum + items, 0),
    wallMs,
    cpuMs: spread(cpu(own)),
    itemsPerSecond: 1000 / wallMs.median,
    speedRatio: pairedRatio(wall(base), wall(own)),
    cpuRatio: pairedRatio(cpu(own), cpu(base)),
  };
}
