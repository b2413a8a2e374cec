import { describe, expect, it } from 'vitest';
import { HOSTILE } from './__fixtures__/scripts.ts';
import { createGuard } from './process-guard.ts';
import { parseGuardOptions } from './options.ts';
import { PoisonBreaker, type Dose } from './poison.ts';

const { limits } = parseGuardOptions({ script: HOSTILE });
const dose: Dose = { task: 'decode', body: Buffer.from('picture'), digest: undefined, limits };
const KILL = 'ERR_RESOURCE_CRASHED';

function breaker(max = 10): PoisonBreaker {
  return new PoisonBreaker({ kills: 2, forMs: 1000, max });
}

it('lets an input that has killed once in again, and refuses it when it has twice', () => {
  const poison = breaker();
  poison.note(dose, KILL, true, 0);
  expect(poison.refuseMs(dose, 1)).toBe(0);
  poison.note(dose, KILL, true, 2);
  expect(poison.refuseMs(dose, 3)).toBe(999);
});

it('refuses for as long as it says, from the last kill on', () => {
  const poison = breaker();
  poison.note(dose, KILL, true, 0);
  poison.note(dose, KILL, true, 500);
  expect(poison.refuseMs(dose, 1499)).toBe(1);
  expect(poison.refuseMs(dose, 1500)).toBe(0);
});

it('forgets a kill that is long ago', () => {
  const poison = breaker();
  poison.note(dose, KILL, true, 0);
  poison.note(dose, KILL, true, 1000);
  expect(poison.refuseMs(dose, 1001)).toBe(0);
});

it('tells another task and another input of the same length apart', () => {
  const poison = breaker();
  poison.note(dose, KILL, true, 0);
  poison.note(dose, KILL, true, 0);
  expect(poison.refuseMs({ ...dose, task: 'encode' }, 1)).toBe(0);
  expect(poison.refuseMs({ ...dose, body: Buffer.from('Picture') }, 1)).toBe(0);
});

it('knows an input by the digest that the caller gives', () => {
  const poison = breaker();
  poison.note({ ...dose, digest: 'a' }, KILL, true, 0);
  poison.note({ ...dose, body: Buffer.from('the same, newly encoded'), digest: 'a' }, KILL, true, 0);
  expect(poison.refuseMs({ ...dose, body: Buffer.alloc(3), digest: 'a' }, 1)).toBe(1000 - 1);
  expect(poison.refuseMs({ ...dose, digest: 'b' }, 1)).toBe(0);
  expect(poison.refuseMs(dose, 1)).toBe(0);
});

it('lets an input in that gets more than it had when it killed, and not with the same or less', () => {
  const poison = breaker();
  const hasty = { ...dose, limits: { ...limits, timeoutMs: 100 } };
  poison.note(hasty, 'ERR_RESOURCE_TIMEOUT', true, 0);
  poison.note(hasty, 'ERR_RESOURCE_TIMEOUT', true, 0);
  expect(poison.refuseMs({ ...dose, limits: { ...limits, timeoutMs: 101 } }, 1)).toBe(0);
  expect(poison.refuseMs(hasty, 1)).toBe(999);
  expect(poison.refuseMs({ ...dose, limits: { ...limits, timeoutMs: 99 } }, 1)).toBe(999);
});

it.each([
  'ERR_RESOURCE_ABORTED',
  'ERR_RESOURCE_DRAINING',
  'ERR_RESOURCE_TASK_FAILED',
  'ERR_RESOURCE_START',
] as const)('does not hold %s against an input', (code) => {
  const poison = breaker();
  poison.note(dose, code, true, 0);
  poison.note(dose, code, true, 0);
  expect(poison.size).toBe(0);
});

it('remembers no more inputs than it may, and forgets the oldest first', () => {
  const poison = breaker(100);
  const other = (index: number): Dose => ({ ...dose, body: Buffer.from(`picture ${index}`) });
  for (let index = 0; index < 1000; index += 1) {
    poison.note(other(index), KILL, true, 0);
    poison.note(other(index), KILL, true, 0);
  }
  expect(poison.size).toBe(100);
  expect(poison.refuseMs(other(899), 1)).toBe(0);
  expect(poison.refuseMs(other(900), 1)).toBe(999);
});

it('holds no kill in a used process against an input before one in a fresh process has proved it', () => {
  const poison = breaker();
  for (let now = 0; now < 3; now += 1) poison.note(dose, KILL, false, now);
  expect(poison.refuseMs(dose, 3)).toBe(0);
  expect(poison.suspects(dose, 3)).toBe(true);
  poison.note(dose, KILL, true, 3);
  expect(poison.refuseMs(dose, 4)).toBe(999);
  expect(poison.suspects(dose, 4)).toBe(false);
});

it('suspects no input any longer that ends well as the first run of a process', () => {
  const poison = breaker();
  poison.note(dose, KILL, false, 0);
  poison.note(dose, 'completed', false, 1);
  expect(poison.suspects(dose, 2)).toBe(true);
  poison.note(dose, 'completed', true, 2);
  expect(poison.suspects(dose, 3)).toBe(false);
  expect(poison.size).toBe(0);
});

it('does not forget a proved kill for a run that ends well', () => {
  const poison = breaker();
  poison.note(dose, KILL, true, 0);
  poison.note(dose, 'completed', true, 1);
  poison.note(dose, KILL, true, 2);
  expect(poison.refuseMs(dose, 3)).toBe(999);
});

it('suspects no input longer than it remembers it', () => {
  const poison = breaker();
  poison.note(dose, KILL, false, 0);
  expect(poison.suspects(dose, 999)).toBe(true);
  expect(poison.suspects(dose, 1000)).toBe(false);
});

describe('a guard', () => {
  it('runs an input that died of what an earlier run had left behind where nothing is left', async () => {
    await using guard = await createGuard({ script: HOSTILE, workers: 1, spare: 0, sandbox: 'off' });
    const innocent = (): Promise<unknown> => guard.run('slow', 500).catch((error: unknown) => error);
    for (let round = 0; round < 2; round += 1) {
      await guard.run('leaveFuse', 200 + round);
      expect(await innocent()).toMatchObject({ code: KILL });
      await guard.run('leaveFuse', 210 + round);
      expect(await innocent()).toMatchObject({ value: 'slow' });
    }
  });

  it('refuses an input that killed a used process and then a fresh one', async () => {
    await using guard = await createGuard({ script: HOSTILE, workers: 1, spare: 0, sandbox: 'off' });
    const crash = (): Promise<unknown> => guard.run('exit', 3).catch((error: unknown) => error);
    for (let round = 0; round < 2; round += 1) {
      await guard.run('echo', round);
      expect(await crash()).toMatchObject({ code: KILL });
    }
    expect(await crash()).toMatchObject({ code: 'ERR_RESOURCE_POISON' });
  });

  it('refuses the third run of an input that has killed two processes, and takes others', async () => {
    await using guard = await createGuard({ script: HOSTILE, workers: 1 });
    const crash = (): Promise<unknown> => guard.run('exit', 3).catch((error: unknown) => error);
    expect([await crash(), await crash()]).toMatchObject([{ code: KILL }, { code: KILL }]);
    const refused = (await crash()) as { retryAfterMs: number };
    expect(refused).toMatchObject({ code: 'ERR_RESOURCE_POISON', retryable: false, receipt: undefined });
    expect(refused.retryAfterMs).toBeGreaterThan(50_000);
    await expect(guard.run('exit', 4)).rejects.toMatchObject({ code: KILL });
    await expect(guard.run('echo', 3)).resolves.toMatchObject({ value: 3 });
  });
});
