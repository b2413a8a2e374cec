import { describe, expect, it } from 'vitest';
import { createFairQueue } from '../admission/fair-queue.ts';
import { createRateLimit } from '../admission/rate-limit.ts';
import { ResourceError } from '../errors.ts';
import { breakerPolicy } from './breaker-policy.ts';
import { compose, type Policy } from './policy.ts';
import { queuePolicy } from './queue-policy.ts';
import { rateLimitPolicy } from './rate-limit-policy.ts';

const succeed = (): Promise<string> => Promise.resolve('done');
const fail = (): Promise<string> => Promise.reject(new Error('failed'));

describe('composed policies', () => {
  it('are asked in order, let go in reverse, and give what the work gives', async () => {
    const log: string[] = [];
    const named = (name: string): Policy => ({
      async execute(_request, work) {
        log.push(`${name} in`);
        try {
          return await work();
        } finally {
          log.push(`${name} out`);
        }
      },
    });
    expect(await compose(named('a'), named('b')).execute({}, succeed)).toBe('done');
    expect(log).toEqual(['a in', 'b in', 'b out', 'a out']);
  });

  it('of which there are none do the work', async () => {
    expect(await compose().execute({}, succeed)).toBe('done');
  });

  it('that refuse do not begin the work, nor ask the ones behind', async () => {
    const queue = createFairQueue({ concurrency: 1, max: 1 });
    const limit = createRateLimit({ limit: 1 });
    const guarded = compose(rateLimitPolicy(limit), queuePolicy(queue));
    let begun = 0;
    const work = (): Promise<number> => Promise.resolve((begun += 1));
    await guarded.execute({ key: 'a' }, work);
    await expect(guarded.execute({ key: 'a' }, work)).rejects.toMatchObject({
      code: 'ERR_RESOURCE_RATE_LIMITED',
      retryable: true,
    });
    expect(begun).toBe(1);
    expect(queue.running).toBe(0);
  });

  it('can be composed again', async () => {
    const limit = createRateLimit({ limit: 1 });
    const once = compose(compose(rateLimitPolicy(limit)), compose());
    await once.execute({ key: 'a' }, succeed);
    await expect(once.execute({ key: 'a' }, succeed)).rejects.toBeInstanceOf(ResourceError);
  });
});

describe('a rate limit as a policy', () => {
  it('counts cost, and no work without a key', async () => {
    const policy = rateLimitPolicy(createRateLimit({ limit: 10 }));
    await policy.execute({ key: 'a', cost: 10 }, succeed);
    await policy.execute({ cost: 10 }, succeed);
    await policy.execute({ cost: 10 }, succeed);
    await expect(policy.execute({ key: 'a' }, succeed)).rejects.toMatchObject({
      retryAfterMs: expect.any(Number) as number,
    });
  });

  it('says that a request which costs too much need not come again', async () => {
    const policy = rateLimitPolicy(createRateLimit({ limit: 10 }));
    await expect(policy.execute({ key: 'a', cost: 11 }, succeed)).rejects.toMatchObject({
      code: 'ERR_RESOURCE_RATE_LIMITED',
      retryable: false,
      retryAfterMs: undefined,
    });
  });
});

describe('a queue as a policy', () => {
  it('gives the place back when the work fails', async () => {
    const queue = createFairQueue({ concurrency: 1, max: 0 });
    const policy = queuePolicy(queue);
    await expect(policy.execute({}, fail)).rejects.toThrow('failed');
    expect(queue.running).toBe(0);
    expect(await policy.execute({}, succeed)).toBe('done');
  });
});

describe('a breaker', () => {
  it('lets work through up to the last allowed failure in a row, and refuses the next', async () => {
    const breaker = breakerPolicy({ failures: 2 });
    await expect(breaker.execute({}, fail)).rejects.toThrow('failed');
    await breaker.execute({}, succeed);
    await expect(breaker.execute({}, fail)).rejects.toThrow('failed');
    await expect(breaker.execute({}, fail)).rejects.toThrow('failed');
    await expect(breaker.execute({}, succeed)).rejects.toMatchObject({
      code: 'ERR_RESOURCE_UNAVAILABLE',
      retryable: true,
    });
  });

  it('tries one piece of work after its pause, and closes if that succeeds', async () => {
    const breaker = breakerPolicy({ failures: 1, openMs: 20 });
    await expect(breaker.execute({}, fail)).rejects.toThrow('failed');
    await new Promise((resolve) => setTimeout(resolve, 40));
    let end = (): void => undefined;
    const trial = breaker.execute({}, () => new Promise<void>((resolve) => (end = resolve)));
    await expect(breaker.execute({}, succeed)).rejects.toMatchObject({ code: 'ERR_RESOURCE_UNAVAILABLE' });
    end();
    await trial;
    expect(await breaker.execute({}, succeed)).toBe('done');
  });

  it('says during the trial how long the pause would be if it fails', async () => {
    const breaker = breakerPolicy({ failures: 1, openMs: 20 });
    await expect(breaker.execute({}, fail)).rejects.toThrow('failed');
    await new Promise((resolve) => setTimeout(resolve, 40));
    let end = (): void => undefined;
    const trial = breaker.execute({}, () => new Promise<void>((resolve) => (end = resolve)));
    await expect(breaker.execute({}, succeed)).rejects.toMatchObject({ retryAfterMs: 20 });
    end();
    await trial;
  });

  it('is neither closed nor kept open by work that was begun before it opened', async () => {
    const breaker = breakerPolicy({ failures: 1, openMs: 200 });
    let end = (): void => undefined;
    let break_ = (): void => undefined;
    const good = breaker.execute({}, () => new Promise<void>((resolve) => (end = resolve)));
    const bad = breaker.execute(
      {},
      () =>
        new Promise<void>(
          (_, reject) =>
            (break_ = () => {
              reject(new Error('late'));
            }),
        ),
    );
    await expect(breaker.execute({}, fail)).rejects.toThrow('failed');
    end();
    await good;
    const refused = expect.objectContaining({ code: 'ERR_RESOURCE_UNAVAILABLE' }) as Error;
    await expect(breaker.execute({}, succeed)).rejects.toEqual(refused);
    await new Promise((resolve) => setTimeout(resolve, 220));
    break_();
    await expect(bad).rejects.toThrow('late');
    expect(await breaker.execute({}, succeed)).toBe('done');
  });

  it('counts an error that its function throws at, and passes that error on', async () => {
    const counts = (): boolean => {
      throw new Error('cannot tell');
    };
    const breaker = breakerPolicy({ failures: 1, counts });
    await expect(breaker.execute({}, fail)).rejects.toThrow('failed');
    await expect(breaker.execute({}, succeed)).rejects.toMatchObject({ code: 'ERR_RESOURCE_UNAVAILABLE' });
  });

  it('stays open if the trial fails', async () => {
    const breaker = breakerPolicy({ failures: 1, openMs: 20 });
    await expect(breaker.execute({}, fail)).rejects.toThrow('failed');
    await new Promise((resolve) => setTimeout(resolve, 40));
    await expect(breaker.execute({}, fail)).rejects.toThrow('failed');
    await expect(breaker.execute({}, succeed)).rejects.toMatchObject({ code: 'ERR_RESOURCE_UNAVAILABLE' });
  });

  it('does not count callers who left or asked for the wrong thing', async () => {
    const breaker = breakerPolicy({ failures: 1 });
    const leave = (): Promise<never> => Promise.reject(new ResourceError('ERR_RESOURCE_ABORTED', 'left'));
    await expect(breaker.execute({}, leave)).rejects.toMatchObject({ code: 'ERR_RESOURCE_ABORTED' });
    expect(await breaker.execute({}, succeed)).toBe('done');
  });

  it('counts what it is told to count', async () => {
    const breaker = breakerPolicy({ failures: 1, counts: () => false });
    await expect(breaker.execute({}, fail)).rejects.toThrow('failed');
    expect(await breaker.execute({}, succeed)).toBe('done');
  });
});
