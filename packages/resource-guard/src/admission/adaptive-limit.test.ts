import { describe, expect, it } from 'vitest';
import { createAdaptiveLimit } from './adaptive-limit.ts';

/** A server that does `capacity` runs at once in 20 ms each, and makes the rest wait. */
function settle(capacity: number, limit: ReturnType<typeof createAdaptiveLimit>, runs = 2000): number {
  for (let n = 0; n < runs; n += 1) {
    const running = limit.current;
    limit.learn(20 * Math.max(1, running / capacity), running);
  }
  return limit.current;
}

describe('an adaptive limit', () => {
  it.each([2, 8, 32])('finds a capacity of %s, with a few waiting', (capacity) => {
    const found = settle(capacity, createAdaptiveLimit({ probeRuns: 1_000_000 }));
    expect(found).toBeGreaterThanOrEqual(capacity);
    expect(found).toBeLessThanOrEqual(capacity + 12);
  });

  it('shrinks when the capacity does', () => {
    const limit = createAdaptiveLimit({ probeRuns: 1_000_000 });
    const before = settle(32, limit);
    expect(settle(8, limit)).toBeLessThan(before / 1.5);
  });

  it('shrinks on a dropped run and never below its minimum', () => {
    const limit = createAdaptiveLimit({ initial: 10, min: 2 });
    limit.learn(1, 10, 'dropped');
    expect(limit.current).toBe(9);
    for (let n = 0; n < 100; n += 1) limit.learn(1, 10, 'dropped');
    expect(limit.current).toBe(2);
  });

  it('never grows past its maximum, and not at all while it is not used', () => {
    const limit = createAdaptiveLimit({ initial: 10, max: 12 });
    for (let n = 0; n < 100; n += 1) limit.learn(5, 1);
    expect(limit.current).toBe(10);
    for (let n = 0; n < 100; n += 1) limit.learn(5, 10);
    expect(limit.current).toBe(12);
  });

  it.each([NaN, -1, Infinity])('learns nothing from a run of %s ms', (runMs) => {
    const limit = createAdaptiveLimit();
    limit.learn(runMs, 4);
    expect(limit.current).toBe(4);
  });

  it('does not grow by runs that nobody counted', () => {
    const limit = createAdaptiveLimit();
    for (let n = 0; n < 10; n += 1) limit.learn(5, NaN);
    expect(limit.current).toBe(4);
  });

  it.each([[{ initial: 0 }], [{ min: 5 }], [{ max: 3 }], [{ probeRuns: 9 }]])('refuses %j', (options) => {
    expect(() => createAdaptiveLimit(options)).toThrow(
      expect.objectContaining({ code: 'ERR_RESOURCE_OPTIONS' }),
    );
  });
});
