import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { mapInOrder } from './in-order.ts';

async function collect(
  concurrency: number,
  delays: readonly number[],
): Promise<{ results: number[]; peak: number }> {
  let atWork = 0;
  let peak = 0;
  const results: number[] = [];
  const mapped = mapInOrder([...delays.keys()], concurrency, async (index) => {
    atWork += 1;
    peak = Math.max(peak, atWork);
    await sleep(delays[index]);
    atWork -= 1;
    return index;
  });
  for await (const result of mapped) results.push(result);
  return { results, peak };
}

it('yields in the order of the items, whichever ends first', async () => {
  expect((await collect(3, [30, 1, 15, 1])).results).toEqual([0, 1, 2, 3]);
});

it('has exactly as many at work as allowed', async () => {
  expect((await collect(2, [5, 5, 5, 5])).peak).toBe(2);
  expect((await collect(1, [5, 5, 5])).peak).toBe(1);
});

it('fails at the turn of the item that failed, and leaves no rejection that nobody handles', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  const yielded: number[] = [];
  const mapped = mapInOrder([0, 1, 2], 3, async (index) => {
    await sleep(index === 0 ? 50 : 1);
    if (index > 0) throw new Error(`item ${index}`);
    return index;
  });
  const all = (async () => {
    for await (const index of mapped) yielded.push(index);
  })();
  await expect(all).rejects.toThrow('item 1');
  await sleep(10);
  process.off('unhandledRejection', note);
  expect(yielded).toEqual([0]);
  expect(unhandled).toEqual([]);
});

it('yields nothing for nothing', async () => {
  expect((await collect(2, [])).results).toEqual([]);
});
