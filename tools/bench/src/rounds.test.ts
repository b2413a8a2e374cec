import { describe, expect, it } from 'vitest';
import type { Arm, Bench, Work } from './bench.ts';
import { runRounds } from './rounds.ts';
import type { Clock } from './rounds.ts';

/** A clock that only the arms under test move, so that every number below is exact. */
class HandClock implements Clock {
  #wall = 0;
  #cpu = 0;
  wall(): number {
    return this.#wall;
  }
  cpu(): number {
    return this.#cpu;
  }
  spend(wallMs: number, cpuMs = 0): void {
    this.#wall += wallMs;
    this.#cpu += cpuMs;
  }
}

function armThat(name: string, run: (caseName: string) => Work | undefined, baseline = false): Arm {
  return { name, run, baseline };
}

function benchOf(arms: readonly Arm[], more: Partial<Bench> = {}): Bench {
  return { title: 'test', unit: 'item', rounds: 3, warmup: 0, arms, ...more };
}

describe('runRounds', () => {
  it('interleaves the arms, the warm-up included, case after case', async () => {
    const seen: string[] = [];
    const arm = (name: string): Arm =>
      armThat(name, (caseName) => {
        seen.push(caseName + name);
        return undefined;
      });
    await runRounds(benchOf([arm('A'), arm('B')], { cases: ['x', 'y'], rounds: 2, warmup: 1 }));
    expect(seen.join(' ')).toBe('xA xB xA xB xA xB yA yB yA yB yA yB');
  });

  it('divides by the baseline of the same round, wherever it stands', async () => {
    const clock = new HandClock();
    let drift = 1;
    const quick = armThat('quick', () => {
      clock.spend(10 * drift, 30 * drift);
      return undefined;
    });
    const base = armThat(
      'base',
      () => {
        clock.spend(20 * drift, 20 * drift);
        drift *= 10;
        return undefined;
      },
      true,
    );
    const [result] = await runRounds(benchOf([quick, base]), { clock });
    expect(result!.arms[0]).toMatchObject({
      name: 'quick',
      baseline: false,
      speedRatio: { p10: 2, median: 2, p90: 2 },
      cpuRatio: { p10: 1.5, median: 1.5, p90: 1.5 },
    });
    expect(result!.arms[1]).toMatchObject({ name: 'base', baseline: true, speedRatio: { median: 1 } });
  });

  it('takes the first arm as the baseline when none is named', async () => {
    const [result] = await runRounds(benchOf([armThat('a', () => undefined), armThat('b', () => undefined)]));
    expect(result!.arms.map(({ baseline }) => baseline)).toEqual([true, false]);
  });

  it('counts time per item and adds the CPU that children report', async () => {
    const clock = new HandClock();
    const arm = armThat('pool', () => {
      clock.spend(100, 8);
      return { items: 4, cpuMs: 392 };
    });
    const [result] = await runRounds(benchOf([arm]), { clock });
    expect(result!.arms[0]).toMatchObject({
      items: 12,
      wallMs: { median: 25 },
      cpuMs: { median: 100 },
      itemsPerSecond: 40,
    });
  });

  it('leaves the warm-up out of the numbers', async () => {
    const clock = new HandClock();
    let calls = 0;
    const arm = armThat('cold', () => {
      calls += 1;
      clock.spend(calls <= 2 ? 1000 : 1);
      return undefined;
    });
    const [result] = await runRounds(benchOf([arm], { warmup: 2 }), { clock });
    expect(result!.arms[0]!.wallMs).toEqual({ p10: 1, median: 1, p90: 1 });
  });

  it('measures real CPU time of this process by default', async () => {
    const arm = armThat('busy', () => {
      const end = performance.now() + 30;
      while (performance.now() < end);
      return undefined;
    });
    const [result] = await runRounds(benchOf([arm], { rounds: 1 }));
    expect(result!.arms[0]!.wallMs.median).toBeGreaterThanOrEqual(30);
    expect(result!.arms[0]!.cpuMs.median).toBeGreaterThan(0);
  });

  it('lets the caller choose fewer rounds than the module', async () => {
    let calls = 0;
    const arm = armThat('a', () => {
      calls += 1;
      return undefined;
    });
    const [result] = await runRounds(benchOf([arm], { rounds: 9 }), { rounds: 1 });
    expect([calls, result!.rounds]).toEqual([1, 1]);
  });

  it.each([{ items: 0 }, { items: Number.NaN }, { items: 1, cpuMs: -1 }])(
    'refuses %o from an arm',
    async (work) => {
      await expect(runRounds(benchOf([armThat('a', () => work)]))).rejects.toThrow(RangeError);
    },
  );

  it('disposes of everything opened, last first, and lets the first error out', async () => {
    const seen: string[] = [];
    const arms: readonly Arm[] = [
      {
        name: 'a',
        run: () => {
          throw new Error('the arm broke');
        },
        dispose: () => {
          seen.push('a');
          throw new Error('so did clearing up');
        },
      },
      { name: 'b', run: () => undefined, dispose: () => void seen.push('b') },
    ];
    await expect(runRounds(benchOf(arms, { dispose: () => void seen.push('bench') }))).rejects.toThrow(
      'the arm broke',
    );
    expect(seen).toEqual(['b', 'a', 'bench']);
  });

  it('fails when only clearing up fails', async () => {
    const arm: Arm = {
      name: 'a',
      run: () => undefined,
      dispose: () => {
        throw new Error('still open');
      },
    };
    await expect(runRounds(benchOf([arm]))).rejects.toMatchObject({ cause: { message: 'still open' } });
  });

  it('does not open what comes after an arm that cannot be prepared', async () => {
    const seen: string[] = [];
    const broken: Arm = {
      name: 'a',
      run: () => undefined,
      prepare: () => {
        throw new Error('no model');
      },
      dispose: () => void seen.push('a'),
    };
    const later: Arm = { name: 'b', run: () => undefined, dispose: () => void seen.push('b') };
    await expect(runRounds(benchOf([broken, later]))).rejects.toThrow('no model');
    expect(seen).toEqual(['a']);
  });
});
