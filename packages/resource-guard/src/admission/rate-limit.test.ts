import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRateLimit, type RateLimitOptions } from './rate-limit.ts';
import { rateLimitHeaders } from './rate-limit-headers.ts';

/** A rate limit whose clock only moves when told to. */
function frozen(options: Omit<RateLimitOptions, 'now'>): {
  limit: ReturnType<typeof createRateLimit>;
  pass: (ms: number) => void;
} {
  let now = 1_000_000;
  const limit = createRateLimit({ ...options, now: () => now });
  return { limit, pass: (ms) => void (now += ms) };
}

describe('a rate limit', () => {
  it('allows a burst exactly, and not one more', () => {
    const { limit } = frozen({ limit: 60, periodMs: 60_000, burst: 3 });
    expect([1, 2, 3].map(() => limit.take('a').allowed)).toEqual([true, true, true]);
    const refused = limit.take('a');
    expect(refused).toMatchObject({ allowed: false, remaining: 0 });
    expect(refused.retryAfterMs).toBeCloseTo(1000, 3);
  });

  it('allows the next request when its wait has passed, and not a millisecond before', () => {
    const { limit, pass } = frozen({ limit: 60, periodMs: 60_000, burst: 1 });
    limit.take('a');
    pass(999);
    expect(limit.take('a').allowed).toBe(false);
    pass(1);
    expect(limit.take('a').allowed).toBe(true);
  });

  it('never allows more than the burst and the steady rate in any stretch of time', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 5 })), {
          maxLength: 200,
        }),
        (perSecond, burst, steps) => {
          const { limit, pass } = frozen({ limit: perSecond, periodMs: 1000, burst });
          const spent: [at: number, cost: number][] = [];
          let at = 0;
          for (const [ms, cost] of steps) {
            pass(ms);
            at += ms;
            if (limit.take('k', cost).allowed) spent.push([at, cost]);
          }
          for (let from = 0; from < spent.length; from += 1) {
            let sum = 0;
            for (let to = from; to < spent.length; to += 1) {
              sum += spent[to]![1];
              const stretch = spent[to]![0] - spent[from]![0];
              expect(sum).toBeLessThanOrEqual(burst + (stretch * perSecond) / 1000 + 1e-6);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('weighs costs: a burst of 10 is one request of 10, and one of 11 will never be allowed', () => {
    const { limit } = frozen({ limit: 10, periodMs: 1000 });
    expect(limit.take('a', 11)).toMatchObject({ allowed: false, retryAfterMs: Infinity, remaining: 10 });
    const whole = limit.take('a', 10);
    expect(whole).toMatchObject({ allowed: true, remaining: 0 });
    expect(whole.resetMs).toBeCloseTo(1000, 3);
  });

  it('takes nothing from a key whose request it refuses', () => {
    const { limit } = frozen({ limit: 10, periodMs: 1000 });
    limit.take('a', 8);
    expect(limit.take('a', 3).allowed).toBe(false);
    expect(limit.take('a', 2).allowed).toBe(true);
  });

  it.each([-1, NaN, Infinity])('refuses the cost %s as a mistake of the program', (cost) => {
    const { limit } = frozen({ limit: 10 });
    expect(() => limit.take('a', cost)).toThrow(expect.objectContaining({ code: 'ERR_RESOURCE_OPTIONS' }));
  });

  it.each([
    [{ limit: 0 }],
    [{ limit: 1, periodMs: 0 }],
    [{ limit: 1, burst: 0 }],
    [{ limit: 1, maxKeys: 0 }],
    [{ limit: 1, name: 'a"b' }],
    [{ limit: 1, windowMs: 5 } as never],
  ])('refuses the options %j', (options: RateLimitOptions) => {
    expect(() => createRateLimit(options)).toThrow(expect.objectContaining({ code: 'ERR_RESOURCE_OPTIONS' }));
  });
});

describe('a flood of keys', () => {
  it('gives a key that was refused no new allowance, however many keys come', () => {
    const { limit, pass } = frozen({ limit: 5, periodMs: 60_000, maxKeys: 1000 });
    for (let n = 0; n < 5; n += 1) limit.take('attacker');
    for (let n = 0; n < 100_000; n += 1) {
      limit.take(`other-${n}`);
      if (n % 1000 === 0) pass(1);
    }
    expect(limit.take('attacker').allowed).toBe(false);
  });

  it('never has more keys than it may, and the keys beyond share one allowance', () => {
    const { limit } = frozen({ limit: 5, periodMs: 60_000, maxKeys: 100 });
    const decisions = Array.from({ length: 5000 }, (_, n) => limit.take(`k${n}`));
    expect(limit.keys).toBe(50);
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(50 + 5);
    expect(decisions.filter(({ shared }) => shared)).toHaveLength(4950);
  });

  it('leaves room for the newcomers of the next generation, and none beyond the whole table', () => {
    const { limit, pass } = frozen({ limit: 10, periodMs: 1000, maxKeys: 100 });
    for (let n = 0; n < 200; n += 1) limit.take(`k${n}`);
    pass(1000);
    for (let n = 0; n < 50; n += 1) limit.take(`k${n}`);
    for (let n = 0; n < 200; n += 1) limit.take(`m${n}`);
    expect(limit.keys).toBe(100);
    pass(1000);
    expect(limit.take('one more')).toMatchObject({ shared: true });
  });

  it('of strangers does not touch authenticated keys', () => {
    const { limit } = frozen({ limit: 5, periodMs: 60_000, maxKeys: 100 });
    for (let n = 0; n < 5000; n += 1) limit.take(`k${n}`);
    expect(limit.take('k4999', 1, true)).toMatchObject({ allowed: true, shared: false, remaining: 4 });
  });

  it('is forgotten once it can no longer matter', () => {
    const { limit, pass } = frozen({ limit: 10, periodMs: 1000, maxKeys: 100 });
    for (let n = 0; n < 200; n += 1) limit.take(`k${n}`);
    pass(1000);
    limit.take('one');
    pass(1000);
    limit.take('two');
    expect(limit.keys).toBe(2);
  });

  it('keeps what a key still owes across the turn of the table', () => {
    const { limit, pass } = frozen({ limit: 2, periodMs: 2000, burst: 4 });
    pass(3999);
    for (let n = 0; n < 4; n += 1) limit.take('a');
    pass(1);
    expect(limit.take('a').allowed).toBe(false);
    pass(3000);
    expect(limit.take('a', 3).allowed).toBe(true);
    expect(limit.take('a').allowed).toBe(false);
  });
});

describe('the headers of a rate limit', () => {
  it('announce the policy, what is left, and when to come back', () => {
    const { limit } = frozen({ limit: 100, periodMs: 60_000, burst: 2, name: 'pictures' });
    expect(rateLimitHeaders(limit.policy, limit.take('a'))).toEqual({
      'RateLimit-Policy': '"pictures";q=100;w=60',
      RateLimit: '"pictures";r=1;t=1',
    });
    limit.take('a');
    expect(rateLimitHeaders(limit.policy, limit.take('a'))).toEqual({
      'RateLimit-Policy': '"pictures";q=100;w=60',
      RateLimit: '"pictures";r=0;t=2',
      'Retry-After': '1',
    });
  });

  it('name no time to come back for a request that will never be allowed', () => {
    const { limit } = frozen({ limit: 10 });
    expect(rateLimitHeaders(limit.policy, limit.take('a', 11))).not.toHaveProperty('Retry-After');
  });
});

it.each<[string, () => number]>([
  ['gives NaN', () => NaN],
  [
    'throws',
    () => {
      throw new Error('no clock');
    },
  ],
])('is not made with a clock that %s, and lets nothing through when one does so later', (_name, fail) => {
  const code = 'ERR_RESOURCE_OPTIONS';
  expect(() => createRateLimit({ limit: 1, now: fail })).toThrow(expect.objectContaining({ code }));
  let now = (): number => 0;
  const limit = createRateLimit({ limit: 1, now: () => now() });
  now = fail;
  expect(() => limit.take('k')).toThrow(expect.objectContaining({ code }));
});
