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
  poison.note(dose, KILL, 0);
  expect(poison.refuseMs(dose, 1)).toBe(0);
  poison.note(dose, KILL, 2);
  expect(poison.refuseMs(dose, 3)).toBe(999);
});

it('refuses for as long as it says, from the last kill on', () => {
  const poison = breaker();
  poison.note(dose, KILL, 0);
  poison.note(dose, KILL, 500);
  expect(poison.refuseMs(dose, 1499)).toBe(1);
  expect(poison.refuseMs(dose, 1500)).toBe(0);
});

it('forgets a kill that is long ago', () => {
  const poison = breaker();
  poison.note(dose, KILL, 0);
  poison.note(dose, KILL, 1000);
  expect(poison.refuseMs(dose, 1001)).toBe(0);
});

it('tells another task and another input of the same length apart', () => {
  const poison = breaker();
  poison.note(dose, KILL, 0);
  poison.note(dose, KILL, 0);
  expect(poison.refuseMs({ ...dose, task: 'encode' }, 1)).toBe(0);
  expect(poison.refuseMs({ ...dose, body: Buffer.from('Picture') }, 1)).toBe(0);
});

it('knows an input by the digest that the caller gives', () => {
  const poison = breaker();
  poison.note({ ...dose, digest: 'a' }, KILL, 0);
  poison.note({ ...dose, body: Buffer.from('the same, newly encoded'), digest: 'a' }, KILL, 0);
  expect(poison.refuseMs({ ...dose, body: Buffer.alloc(3), digest: 'a' }, 1)).toBe(1000 - 1);
  expect(poison.refuseMs({ ...dose, digest: 'b' }, 1)).toBe(0);
  expect(poison.refuseMs(dose, 1)).toBe(0);
});

it('lets an input in that gets more than it had when it killed, and not with the same or less', () => {
  const poison = breaker();
  const hasty = { ...dose, limits: { ...limits, timeoutMs: 100 } };
  poison.note(hasty, 'ERR_RESOURCE_TIMEOUT', 0);
  poison.note(hasty, 'ERR_RESOURCE_TIMEOUT', 0);
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
  poison.note(dose, code, 0);
  poison.note(dose, code, 0);
  expect(poison.size).toBe(0);
});

it('remembers no more inputs than it may, and forgets the oldest first', () => {
  const poison = breaker(100);
  const other = (index: number): Dose => ({ ...dose, body: Buffer.from(`picture ${index}`) });
  for (let index = 0; index < 1000; index += 1) {
    poison.note(other(index), KILL, 0);
    poison.note(other(index), KILL, 0);
  }
  expect(poison.size).toBe(100);
  expect(poison.refuseMs(other(899), 1)).toBe(0);
  expect(poison.refuseMs(other(900), 1)).toBe(999);
});

describe('a guard', () => {
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
