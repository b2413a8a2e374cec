import { describe, expect, it } from 'vitest';
import { createJobs, type JobContext } from './jobs.ts';

/** Work that ends when it is told to. */
function held<T>(value: T): { work: (context: JobContext) => Promise<T>; end: () => void } {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return {
    work: async ({ signal, begin }) => {
      begin();
      await Promise.race([
        ended,
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reject(new Error('aborted'));
          });
        }),
      ]);
      return value;
    },
    end: () => {
      end();
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a job', () => {
  it('waits, runs, and is done with its value', async () => {
    const jobs = createJobs();
    const { work, end } = held('value');
    const job = jobs.submit(async (context) => {
      await turn();
      return work(context);
    });
    expect(job.state).toBe('waiting');
    await turn();
    expect(job.state).toBe('running');
    expect(jobs).toMatchObject({ pending: 1, kept: 0 });
    end();
    expect(await job.result).toBe('value');
    expect(jobs.find(job.id)).toMatchObject({ state: 'done' });
    expect(jobs).toMatchObject({ pending: 0, kept: 1 });
  });

  it('that failed keeps its error for whoever asks, and harms nobody who does not', async () => {
    const jobs = createJobs();
    const job = jobs.submit(() => Promise.reject(new Error('broken')));
    const thrower = jobs.submit(() => {
      throw new Error('at once');
    });
    await turn();
    await expect(jobs.find(job.id)!.result).rejects.toThrow('broken');
    await expect(thrower.result).rejects.toThrow('at once');
    expect([job.state, thrower.state]).toEqual(['failed', 'failed']);
  });

  it('that is cancelled aborts its work, and cannot be cancelled after its end', async () => {
    const jobs = createJobs();
    const { work, end } = held('value');
    const [one, two] = [jobs.submit(work), jobs.submit(() => Promise.resolve(2))];
    await turn();
    one.cancel();
    await expect(one.result).rejects.toThrow('aborted');
    expect(one.state).toBe('cancelled');
    await two.result;
    two.cancel();
    expect(two.state).toBe('done');
    end();
  });

  it('shows the last progress it reported, and none after its end', async () => {
    const jobs = createJobs();
    let report: JobContext['report'] = () => undefined;
    const job = jobs.submit((context) => {
      report = context.report;
      report(1);
      report({ of: 3, page: 2 });
      return Promise.resolve('done');
    });
    await job.result;
    report('later');
    expect(job.progress).toEqual({ of: 3, page: 2 });
  });

  it('has an id that cannot be guessed', () => {
    const jobs = createJobs();
    const ids = Array.from({ length: 100 }, () => jobs.submit(() => Promise.resolve()).id);
    expect(new Set(ids).size).toBe(100);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('jobs', () => {
  it('accept the last one that fits and refuse the next', async () => {
    const jobs = createJobs({ max: 1 });
    const { work, end } = held(1);
    const job = jobs.submit(work);
    expect(() => jobs.submit(work)).toThrow(expect.objectContaining({ code: 'ERR_RESOURCE_QUEUE_FULL' }));
    end();
    await job.result;
    await jobs.submit(() => Promise.resolve(2)).result;
  });

  it('forget the oldest result when there are too many, or too large ones', async () => {
    const byCount = createJobs({ maxEnded: 2 });
    const first = [1, 2, 3].map((n) => byCount.submit(() => Promise.resolve(n)));
    await Promise.all(first.map(({ result }) => result));
    expect(first.map(({ id }) => byCount.find(id)?.state)).toEqual([undefined, 'done', 'done']);

    const bySize = createJobs({ maxResultBytes: 100 });
    const second = [60, 40, 1].map((n) =>
      bySize.submit(
        () => Promise.resolve(n),
        (value) => value,
      ),
    );
    await Promise.all(second.map(({ result }) => result));
    expect(second.map(({ id }) => bySize.find(id)?.state)).toEqual([undefined, 'done', 'done']);
  });

  it('keep no result that alone is too large, yet give it to who waits for it', async () => {
    const jobs = createJobs({ maxResultBytes: 100 });
    const small = jobs.submit(
      () => Promise.resolve(100),
      (value) => value,
    );
    const large = jobs.submit(
      () => Promise.resolve(101),
      (value) => value,
    );
    expect(await large.result).toBe(101);
    expect(jobs.find(large.id)).toBeUndefined();
    await small.result;
    expect(jobs.find(small.id)?.state).toBe('done');
  });

  it.each<[string, () => number]>([
    ['NaN', () => NaN],
    ['a negative number', () => -1],
    ['nothing', () => undefined as unknown as number],
    [
      'an error',
      () => {
        throw new Error('cannot be measured');
      },
    ],
  ])('keep no result whose size is %s, and go on as before', async (_name, sizeOf) => {
    const jobs = createJobs({ max: 1 });
    const odd = jobs.submit(() => Promise.resolve('odd'), sizeOf);
    expect(await odd.result).toBe('odd');
    expect(odd.state).toBe('done');
    expect(jobs).toMatchObject({ pending: 0, kept: 0 });
    const next = jobs.submit(
      () => Promise.resolve('next'),
      () => 1,
    );
    expect(await next.result).toBe('next');
    expect(jobs.find(next.id)).toBe(next);
  });

  it('say beforehand whether they would refuse', async () => {
    const jobs = createJobs({ max: 1 });
    expect(jobs.refuses()).toBeUndefined();
    const { work, end } = held(1);
    const job = jobs.submit(work);
    expect(jobs.refuses()?.code).toBe('ERR_RESOURCE_QUEUE_FULL');
    end();
    await job.result;
    expect(jobs.refuses()).toBeUndefined();
  });

  it('forget a result after its time, and at once when told to', async () => {
    const jobs = createJobs({ keepMs: 30 });
    const job = jobs.submit(() => Promise.resolve(1));
    await job.result;
    expect(jobs.find(job.id)).toBeDefined();
    await expect.poll(() => jobs.find(job.id)).toBeUndefined();
    expect(jobs.kept).toBe(0);

    const other = jobs.submit(() => Promise.resolve(1));
    await other.result;
    jobs.forget(other.id);
    expect(jobs.find(other.id)).toBeUndefined();
  });

  it('know nothing of an id that was never theirs', () => {
    expect(createJobs().find('nothing')).toBeUndefined();
  });

  it.each([[{ max: 0 }], [{ maxEnded: 0 }], [{ maxResultBytes: 0 }], [{ keepMs: 0 }]])(
    'refuse %j',
    (options) => {
      expect(() => createJobs(options)).toThrow(expect.objectContaining({ code: 'ERR_RESOURCE_OPTIONS' }));
    },
  );
});
