// Checks of a rate limit per second: for the keys of a busy day, and for a stranger who makes up a new one each time.
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createRateLimit, type RateLimit } from '../src/index.ts';

const require = createRequire(new URL('./peers/package.json', import.meta.url));

const KNOWN = '1,000 keys';
const HOSTILE = '2M hostile keys';
const CHECKS = 500_000;
const HOSTILE_KEYS = 2_000_000;
/** Of what keeps every key: two million of them would take a gigabyte. The figure is per check. */
const UNBOUNDED_KEYS = 200_000;
const MIB = 1024 * 1024;

interface MemoryLimiter {
  consume(key: string): Promise<unknown>;
}
type MemoryLimiterClass = new (options: { points: number; duration: number }) => MemoryLimiter;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const growth = new Map<string, { readonly keys: number; readonly bytes: number }>();
let regained = 0;
let next = 0;

/** Keys of addresses; made before the clock starts would take more memory than the limit itself. */
function hostileKey(): string {
  next += 1;
  return `198.51.${next & 255}.${next >> 8}`;
}

/** @returns `work`'s result, after noting what is kept in memory when it is done. */
async function noteGrowth<T>(arm: string, keys: number, work: () => Promise<T> | T): Promise<T> {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const result = await work();
  collectGarbage();
  growth.set(arm, { keys, bytes: process.memoryUsage().heapUsed - before });
  return result;
}

function checkKnown(limit: RateLimit): void {
  for (let index = 0; index < CHECKS; index += 1) limit.take(`client ${index % 1000}`);
}

let limit: RateLimit | undefined;

function checkHostile(): void {
  // Slow enough that no unit comes back by time alone while this runs.
  const limited = createRateLimit({ limit: 60, periodMs: 86_400_000 });
  for (let spent = 0; spent < 60; spent += 1) limited.take('attacker');
  for (let index = 0; index < HOSTILE_KEYS; index += 1) limited.take(hostileKey());
  if (limited.take('attacker').allowed) regained += 1;
  limit = limited;
}

let limiter: MemoryLimiter;

/** Found in `peers/`, not in the workspace. */
function resolvePeer(name: string): string {
  return require.resolve(name);
}

async function createPeer(): Promise<MemoryLimiter> {
  const { RateLimiterMemory } = (await import(resolvePeer('rate-limiter-flexible'))) as {
    RateLimiterMemory: MemoryLimiterClass;
  };
  // A short period, so that its timers are gone before the next round.
  return new RateLimiterMemory({ points: 60, duration: 5 });
}

async function consume(keys: number, keyOf: (index: number) => string): Promise<void> {
  for (let index = 0; index < keys; index += 1) await limiter.consume(keyOf(index)).catch(() => undefined);
}

interface CaseResult {
  readonly name: string;
  readonly arms: readonly { readonly name: string; readonly itemsPerSecond: number }[];
}

/** What was set as the goal, and whether it was met. */
function checkGoals(results: readonly CaseResult[]): string[] {
  const speedOf = (caseName: string): number =>
    results.find(({ name }) => name === caseName)?.arms.find(({ name }) => name === 'resource-guard')
      ?.itemsPerSecond ?? 0;
  const kept = (growth.get('resource-guard')?.bytes ?? Infinity) / MIB;
  const say = (isMet: boolean, what: string): string => `${isMet ? 'met' : 'MISSED'}: ${what}`;
  return [
    say(speedOf(KNOWN) >= 1e6, `${(speedOf(KNOWN) / 1e6).toFixed(2)} M checks/s on known keys, goal 1 M`),
    say(speedOf(HOSTILE) >= 5e5, `${(speedOf(HOSTILE) / 1e6).toFixed(2)} M/s on hostile keys, goal 0.5 M`),
    say(kept <= 15, `${kept.toFixed(1)} MiB kept after them, goal at most 15`),
    say(regained === 0, `allowance regained ${regained} times, goal 0`),
  ];
}

export default {
  title: 'checks of a rate limit',
  unit: 'check',
  cases: [KNOWN, HOSTILE],
  rounds: 3,
  warmup: 1,
  arms: [
    {
      name: 'resource-guard',
      run: async (caseName: string): Promise<{ readonly items: number }> => {
        if (caseName === KNOWN) {
          checkKnown(createRateLimit({ limit: 1_000_000 }));
          return { items: CHECKS };
        }
        limit = undefined;
        await noteGrowth('resource-guard', HOSTILE_KEYS, checkHostile);
        return { items: HOSTILE_KEYS };
      },
    },
    {
      name: 'rate-limiter-flexible (memory)',
      baseline: true,
      prepare: async (): Promise<void> => {
        limiter = await createPeer();
      },
      run: async (caseName: string): Promise<{ readonly items: number }> => {
        if (caseName === KNOWN) {
          await consume(CHECKS / 10, (index) => `client ${index % 1000}`);
          return { items: CHECKS / 10 };
        }
        await noteGrowth('rate-limiter-flexible (memory)', UNBOUNDED_KEYS, () =>
          consume(UNBOUNDED_KEYS, hostileKey),
        );
        return { items: UNBOUNDED_KEYS };
      },
    },
  ],
  report: (results: readonly CaseResult[]): string =>
    [
      ...checkGoals(results),
      ...[...growth].map(
        ([arm, { keys, bytes }]) =>
          `${arm}: ${(bytes / MIB).toFixed(1)} MiB kept after ${keys.toLocaleString('en')} hostile keys`,
      ),
      `resource-guard: keys with an entry ${(limit?.keys ?? 0).toLocaleString('en')}; allowance regained by the flood: ${regained} times`,
    ].join('\n'),
};
