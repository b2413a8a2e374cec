import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { ResourceError } from '../errors.ts';
import { createFairQueue, type FairQueue, type Place, type PlaceRequest } from './fair-queue.ts';

function catchError(promise: Promise<unknown>): Promise<ResourceError> {
  return promise.then(
    () => Promise.reject(new Error('expected an error, found a place')),
    (error: unknown) => error as ResourceError,
  );
}

/** Enters in order and notes who is served; each place is released as soon as it is given. */
async function serve(
  queue: FairQueue,
  requests: readonly (PlaceRequest & { name: string })[],
): Promise<string[]> {
  const served: string[] = [];
  const first = await queue.enter();
  const all = requests.map(async ({ name, ...request }) => {
    (await queue.enter(request)).release();
    served.push(name);
  });
  first.release();
  await Promise.allSettled(all);
  return served;
}

describe('a fair queue', () => {
  it('gives as many places as it may, lets as many wait, and refuses the next at once', async () => {
    const queue = createFairQueue({ concurrency: 2, max: 1 });
    const places = [await queue.enter(), await queue.enter()];
    const waiting = queue.enter();
    expect(queue).toMatchObject({ running: 2, waiting: 1 });
    expect(queue.refuses()?.code).toBe('ERR_RESOURCE_QUEUE_FULL');
    expect(await catchError(queue.enter())).toMatchObject({ code: 'ERR_RESOURCE_QUEUE_FULL' });
    places[0]!.release();
    places.push(await waiting);
    expect(queue.refuses()).toBeUndefined();
    for (const place of places) place.release();
    expect(queue).toMatchObject({ running: 0, waiting: 0 });
  });

  it('gives a place on once, however often it is released', async () => {
    const queue = createFairQueue({ concurrency: 1, max: 0 });
    const place = await queue.enter();
    place.release();
    place.release();
    expect(queue.running).toBe(0);
  });

  it('serves callers without a key in the order in which they came', async () => {
    const queue = createFairQueue({ concurrency: 1, max: 10 });
    const names = ['a', 'b', 'c', 'd'];
    expect(
      await serve(
        queue,
        names.map((name) => ({ name })),
      ),
    ).toEqual(names);
  });

  it('serves keys in turn, however many requests one of them has', async () => {
    const queue = createFairQueue({ concurrency: 1, max: 10 });
    const requests = ['h1', 'h2', 'h3', 'h4', 'a1', 'b1', 'a2'].map((name) => ({ name, key: name[0]! }));
    expect(await serve(queue, requests)).toEqual(['h1', 'a1', 'b1', 'h2', 'a2', 'h3', 'h4']);
  });

  it('serves higher priorities first', async () => {
    const queue = createFairQueue({ concurrency: 1, max: 10 });
    const requests = [
      { name: 'low', priority: 0 },
      { name: 'usual' },
      { name: 'high', priority: 9 },
      { name: 'usual too', priority: 5 },
    ];
    expect(await serve(queue, requests)).toEqual(['high', 'usual', 'usual too', 'low']);
  });

  it('holds a key to its share of the queue, and others not', async () => {
    const queue = createFairQueue({ concurrency: 1, max: 10, perKey: 2 });
    const place = await queue.enter({ key: 'h' });
    const waiting = [queue.enter({ key: 'h' }), queue.enter({ key: 'h' })];
    expect(await catchError(queue.enter({ key: 'h' }))).toMatchObject({ code: 'ERR_RESOURCE_QUEUE_FULL' });
    waiting.push(queue.enter({ key: 'a' }), queue.enter(), queue.enter(), queue.enter());
    place.release();
    await Promise.all(
      waiting.map(async (next) => {
        (await next).release();
      }),
    );
  });

  it('makes room in a full queue at the cost of whoever waits most often', async () => {
    const queue = createFairQueue({ concurrency: 1, max: 3 });
    const place = await queue.enter();
    const hostile = [1, 2, 3].map(() => queue.enter({ key: 'h' }));
    const lost = catchError(hostile[2]!);
    const good = queue.enter({ key: 'a' });
    expect(await lost).toMatchObject({ code: 'ERR_RESOURCE_QUEUE_FULL' });
    expect(await catchError(queue.enter({ key: 'h' }))).toMatchObject({ code: 'ERR_RESOURCE_QUEUE_FULL' });
    // Two of h against one of a: another key would only take the same from somebody else.
    expect(queue.refuses({ key: 'a' })?.code).toBe('ERR_RESOURCE_QUEUE_FULL');
    place.release();
    for (const next of [hostile[0]!, good, hostile[1]!]) (await next).release();
  });

  it('makes room in a full queue at the cost of the lowest priority, and never of an equal one', async () => {
    const queue = createFairQueue({ concurrency: 1, max: 2 });
    const place = await queue.enter();
    const usual = queue.enter({ key: 'a', priority: 5 });
    const low = catchError(queue.enter({ key: 'b', priority: 1 }));
    const high = queue.enter({ key: 'c', priority: 9 });
    expect(await low).toMatchObject({ code: 'ERR_RESOURCE_QUEUE_FULL' });
    expect(queue.refuses({ key: 'd', priority: 5 })?.code).toBe('ERR_RESOURCE_QUEUE_FULL');
    expect(queue.refuses({ key: 'd', priority: 6 })).toBeUndefined();
    place.release();
    (await high).release();
    (await usual).release();
  });

  it('ends a wait that is too long', async () => {
    const queue = createFairQueue({ concurrency: 1, max: 2, maxWaitMs: 20 });
    await queue.enter();
    expect(await catchError(queue.enter())).toMatchObject({
      code: 'ERR_RESOURCE_QUEUE_TIMEOUT',
      retryable: true,
    });
    expect(queue.waiting).toBe(0);
  });

  it('drops a request whose deadline passed, in the queue and before it', async () => {
    const queue = createFairQueue({ concurrency: 1, max: 2, maxWaitMs: 10_000 });
    await queue.enter();
    const late = catchError(queue.enter({ deadlineMs: 20 }));
    expect(await late).toMatchObject({ code: 'ERR_RESOURCE_DEADLINE', retryable: false });
    expect(queue.refuses({ deadlineMs: 0 })?.code).toBe('ERR_RESOURCE_DEADLINE');
    expect(queue.waiting).toBe(0);
  });

  it('frees the place of a caller that left at once, and listens to it no longer', async () => {
    const queue = createFairQueue({ concurrency: 1, max: 1 });
    const place = await queue.enter();
    const { signal, ...controller } = abortable();
    const left = catchError(queue.enter({ signal }));
    controller.abort();
    expect(await left).toMatchObject({ code: 'ERR_RESOURCE_ABORTED' });
    expect(queue.waiting).toBe(0);
    const stays = abortable();
    const next = queue.enter({ signal: stays.signal });
    place.release();
    (await next).release();
    expect(getEventListeners(stays.signal, 'abort')).toHaveLength(0);
    expect(await catchError(queue.enter({ signal }))).toMatchObject({ code: 'ERR_RESOURCE_ABORTED' });
  });

  it('serves the newest first while the oldest has waited too long', async () => {
    const queue = createFairQueue({ concurrency: 1, max: 10, lifoAfterMs: 10 });
    const place = await queue.enter();
    const served: number[] = [];
    const all = [1, 2, 3].map(async (n) => {
      (await queue.enter()).release();
      served.push(n);
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    place.release();
    await Promise.all(all);
    expect(served).toEqual([3, 2, 1]);
  });

  it('keeps the sum of memory inside its budget, and lets nobody pass the one whose turn it is', async () => {
    const queue = createFairQueue({ concurrency: 10, max: 10, memoryBudgetMb: 100 });
    const large = await queue.enter({ costMb: 60 });
    const larger = queue.enter({ costMb: 60 });
    const small = queue.enter({ costMb: 40 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(queue).toMatchObject({ running: 1, waiting: 2 });
    large.release();
    const places: Place[] = [await larger, await small];
    expect(queue.running).toBe(2);
    for (const place of places) place.release();
    expect(await catchError(queue.enter({ costMb: 101 }))).toMatchObject({ code: 'ERR_RESOURCE_OPTIONS' });
    (await queue.enter({ costMb: 100 })).release();
  });

  it('lets the next one in when the one whose turn it was leaves', async () => {
    const queue = createFairQueue({ concurrency: 10, max: 10, memoryBudgetMb: 100 });
    await queue.enter({ costMb: 60 });
    const leaving = abortable();
    const gone = catchError(queue.enter({ costMb: 60, signal: leaving.signal }));
    const small = queue.enter({ costMb: 40 });
    leaving.abort();
    await gone;
    (await small).release();
  });

  it('follows a concurrency that changes', async () => {
    let concurrency = 1;
    const queue = createFairQueue({ concurrency: () => concurrency, max: 10 });
    const first = await queue.enter();
    const waiting = [queue.enter(), queue.enter()];
    concurrency = 2;
    first.release();
    const places = await Promise.all(waiting);
    expect(queue.running).toBe(2);
    for (const place of places) place.release();
  });

  it('keeps room for a request that is on its way, and lets nobody else have it', async () => {
    const queue = createFairQueue({ concurrency: 1, max: 1 });
    const [one, two] = [queue.reserve(), queue.reserve()];
    expect(queue).toMatchObject({ running: 0, waiting: 0, reserved: 2 });
    expect(queue.refuses()?.code).toBe('ERR_RESOURCE_QUEUE_FULL');
    const first = await queue.enter({}, one);
    expect(queue).toMatchObject({ running: 1, reserved: 1 });
    expect(queue.refuses()?.code).toBe('ERR_RESOURCE_QUEUE_FULL');
    const second = queue.enter({}, two);
    expect(queue).toMatchObject({ running: 1, waiting: 1, reserved: 0 });
    first.release();
    (await second).release();
  });

  it('gives room back that is not used, once', () => {
    const queue = createFairQueue({ concurrency: 1, max: 0 });
    const reservation = queue.reserve({ key: 'a' });
    expect(() => queue.reserve()).toThrow(expect.objectContaining({ code: 'ERR_RESOURCE_QUEUE_FULL' }));
    reservation.release();
    reservation.release();
    expect(queue.reserved).toBe(0);
    queue.reserve().release();
  });

  it('lets a reservation be used once, by its key, and only in the queue that gave it', async () => {
    const queue = createFairQueue({ concurrency: 1, max: 1 });
    const used = queue.reserve();
    const place = await queue.enter({}, used);
    const foreign = createFairQueue({ concurrency: 1, max: 1 }).reserve();
    const released = queue.reserve();
    released.release();
    const other = queue.reserve({ key: 'a' });
    for (const [request, reservation] of [
      [{}, used],
      [{}, foreign],
      [{}, { release: () => undefined }],
      [{}, released],
      [{ key: 'b' }, other],
    ] as const) {
      const error = await catchError(queue.enter(request, reservation));
      expect(error.code).toBe('ERR_RESOURCE_OPTIONS');
    }
    expect(queue).toMatchObject({ running: 1, waiting: 0, reserved: 1 });
    const second = queue.enter({ key: 'a' }, other);
    expect(queue).toMatchObject({ running: 1, waiting: 1, reserved: 0 });
    place.release();
    (await second).release();
  });

  it.each<[string, () => number]>([
    [
      'throws',
      () => {
        throw new Error('nobody knows');
      },
    ],
    ['gives NaN', () => NaN],
    ['gives Infinity', () => Infinity],
    ['gives no number', () => '8' as unknown as number],
  ])('keeps to the concurrency that it knows while its function %s', async (_name, fail) => {
    let concurrency = (): number => 2;
    const queue = createFairQueue({ concurrency: () => concurrency(), max: 1 });
    const places = [await queue.enter(), await queue.enter()];
    concurrency = fail;
    const waiting = queue.enter();
    expect(queue).toMatchObject({ running: 2, waiting: 1 });
    expect(queue.refuses()?.code).toBe('ERR_RESOURCE_QUEUE_FULL');
    places[0]!.release();
    (await waiting).release();
    places[1]!.release();
    expect(queue).toMatchObject({ running: 0, waiting: 0 });
  });

  it('lets in one at a time until its function has given a number', async () => {
    const queue = createFairQueue({ concurrency: () => NaN, max: 1 });
    const place = await queue.enter();
    void queue.enter();
    expect(queue).toMatchObject({ running: 1, waiting: 1 });
    place.release();
  });

  it('counts the room that is kept for a key as waiting', () => {
    const queue = createFairQueue({ concurrency: 1, max: 10, perKey: 2 });
    for (let n = 0; n < 2; n += 1) queue.reserve({ key: 'a' });
    expect(queue.refuses({ key: 'a' })?.code).toBe('ERR_RESOURCE_QUEUE_FULL');
    expect(queue.refuses({ key: 'b' })).toBeUndefined();
  });

  it('serves good clients in full while one sends ten times the capacity', async () => {
    const queue = createFairQueue({ concurrency: 1, max: 8, perKey: 2 });
    const answers = { good: 0, goodLost: 0, hostile: 0 };
    const all: Promise<void>[] = [];
    const send = (key: string): void => {
      const good = key !== 'hostile';
      all.push(
        queue.enter({ key }).then(
          async (place) => {
            await new Promise((resolve) => setImmediate(resolve));
            place.release();
            answers[good ? 'good' : 'hostile'] += 1;
          },
          () => {
            if (good) answers.goodLost += 1;
          },
        ),
      );
    };
    // A place is free at every turn of the loop; good clients take every other one.
    for (let turn = 0; turn < 400; turn += 1) {
      for (let n = 0; n < 10; n += 1) send('hostile');
      if (turn % 2 === 0) send(`good-${turn % 20}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(all);
    expect(answers.goodLost).toBe(0);
    expect(answers.good).toBe(200);
    expect(answers.hostile).toBeGreaterThan(50);
  });

  it.each([
    [{ concurrency: 0, max: 1 }],
    [{ concurrency: 1, max: -1 }],
    [{ concurrency: 1, max: 1, perKey: 0 }],
  ])('refuses the options %j', (options) => {
    expect(() => createFairQueue(options)).toThrow(expect.objectContaining({ code: 'ERR_RESOURCE_OPTIONS' }));
  });

  it('refuses a priority that is none', async () => {
    const queue = createFairQueue({ concurrency: 1, max: 1 });
    expect(await catchError(queue.enter({ priority: 10 }))).toMatchObject({ code: 'ERR_RESOURCE_OPTIONS' });
  });
});

function abortable(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    abort: () => {
      controller.abort();
    },
  };
}
