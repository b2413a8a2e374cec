import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Stopwatch } from './stopwatch.ts';

const never = () => new Promise<never>(() => undefined);

it('does not run while nothing is awaited', async () => {
  const stopwatch = new Stopwatch(300, undefined);
  await stopwatch.race(() => Promise.resolve());
  await delay(350);
  expect(await stopwatch.race(() => Promise.resolve('frame'))).toBe('frame');
});

it('adds up what is spent', async () => {
  const stopwatch = new Stopwatch(3000, undefined);
  expect(stopwatch.secondsLeft).toBe(3);
  await stopwatch.race(() => delay(1100));
  expect(stopwatch.secondsLeft).toBe(2);
});

it('ends a wait when the time is spent, and begins no other', async () => {
  const stopwatch = new Stopwatch(20, undefined);
  await expect(stopwatch.race(never)).rejects.toMatchObject({ code: 'ERR_INPUT_DEADLINE' });
  await expect(stopwatch.race(() => Promise.resolve())).rejects.toMatchObject({
    code: 'ERR_INPUT_DEADLINE',
    message: 'expected an answer within 20 ms, found none',
  });
});

it('ends a wait when the caller leaves', async () => {
  const controller = new AbortController();
  const wait = new Stopwatch(10_000, controller.signal).race(never);
  controller.abort('left');
  await expect(wait).rejects.toMatchObject({ code: 'ERR_INPUT_ABORTED', cause: 'left' });
});
