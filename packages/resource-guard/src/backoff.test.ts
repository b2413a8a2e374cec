import { expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

it('delays nothing before the first failure', () => {
  expect(new Backoff().delayMs(0)).toBe(0);
});

it('doubles the delay with each failure, up to 30 s', () => {
  const backoff = new Backoff();
  const delays: number[] = [];
  for (let now = 0; delays.length < 11; now += backoff.delayMs(now)) {
    backoff.fail(now);
    delays.push(backoff.delayMs(now));
  }
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
});

it('counts processes that fail together once', () => {
  const backoff = new Backoff();
  backoff.fail(0);
  backoff.fail(99);
  expect(backoff.failures).toBe(1);
  backoff.fail(100);
  expect(backoff.failures).toBe(2);
});

it('is hopeless after three failures, not after two, and not after a reset', () => {
  const backoff = new Backoff();
  backoff.fail(0);
  backoff.fail(1000);
  expect(backoff.hopeless).toBe(false);
  backoff.fail(2000);
  expect(backoff.hopeless).toBe(true);
  backoff.reset();
  expect(backoff).toMatchObject({ hopeless: false, failures: 0 });
  expect(backoff.delayMs(2000)).toBe(0);
});
