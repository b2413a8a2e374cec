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

it('yields nothing for nothing', async () => {
  expect((await collect(2, [])).results).toEqual([]);
});
