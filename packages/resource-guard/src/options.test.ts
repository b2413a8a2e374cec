import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import { REQUIREMENTS } from './enforcement.ts';
import { parseGuardOptions, type GuardOptions } from './options.ts';
import { parseDrainOptions, parseRunOptions } from './run-options.ts';

const script = new URL('file:///worker.js');
const refused = expect.objectContaining({ code: 'ERR_RESOURCE_OPTIONS' }) as Error;

it('fills in every default', () => {
  expect(parseGuardOptions({ script })).toEqual({
    script: 'file:///worker.js',
    workers: 2,
    spare: 1,
    warmup: undefined,
    limits: {
      timeoutMs: 10_000,
      queueTimeoutMs: 30_000,
      startTimeoutMs: 30_000,
      memoryMb: 512,
      cpuMs: 10_000 * availableParallelism(),
      openFiles: 256,
      inputBytes: 16_777_216,
      outputBytes: 16_777_216,
    },
    queue: { max: 4, ticketMs: 10_000 },
    sandbox: 'best',
    require: [],
    readable: [],
    profile: 'cpu',
    cgroup: undefined,
    recycle: { runs: 1000, memoryRatio: 2 },
    poison: { kills: 2, forMs: 60_000, max: 1000 },
  });
});

it('lets twice as many wait as can run', () => {
  expect(parseGuardOptions({ script, workers: 5 }).queue.max).toBe(10);
});

it('accepts the smallest pool', () => {
  expect(parseGuardOptions({ script, workers: 1, spare: 0, queue: { max: 0 } })).toMatchObject({
    queue: { max: 0, ticketMs: 10_000 },
  });
});

it('accepts the longest delay of a timer', () => {
  expect(parseGuardOptions({ script, limits: { timeoutMs: 2 ** 31 - 1 } }).limits.timeoutMs).toBe(
    2 ** 31 - 1,
  );
});

it.each<[string, object]>([
  ['no script', {}],
  ['a script by path', { script: '/worker.js' }],
  ['a script from the network', { script: new URL('https://example.org/worker.js') }],
  ['a script in the URL', { script: new URL('data:text/javascript,export{}') }],
  ['no worker', { script, workers: 0 }],
  ['half a worker', { script, workers: 1.5 }],
  ['a negative spare', { script, spare: -1 }],
  ['a negative queue', { script, queue: { max: -1 } }],
  ['a deadline of no time', { script, limits: { timeoutMs: 0 } }],
  ['a deadline that a timer would cut to 1 ms', { script, limits: { timeoutMs: 2 ** 31 } }],
  ['a deadline that is no number', { script, limits: { timeoutMs: '1000' } }],
  ['an infinite memory', { script, limits: { memoryMb: Infinity } }],
  ['an unknown limit', { script, limits: { timeoutMS: 5 } }],
  ['an unknown option', { script, threads: 4 }],
  ['a warm-up without a task', { script, warmup: { input: 1 } }],
  ['fewer open files than Node needs', { script, limits: { openFiles: 63 } }],
  ['a sandbox of no kind', { script, sandbox: 'none' }],
  ['a requirement of no control', { script, require: ['speed'] }],
  ['a requirement of a level that does not exist', { script, require: ['memory:none'] }],
  ['a readable path that depends on where the host runs', { script, readable: ['data'] }],
  ['a control group by a relative path', { script, cgroup: 'guard' }],
  ['a process that is never used', { script, recycle: { runs: 0 } }],
  ['a ratio below one', { script, recycle: { memoryRatio: 0.9 } }],
  ['an input that is refused before it has killed', { script, poison: { kills: 0 } }],
  ['true for the poison breaker', { script, poison: true }],
  ['an allowance of nothing', { script, rate: { limit: 0 } }],
  ['an allowance without a number', { script, rate: {} }],
  ['an allowance that is none', { script, rate: 5 }],
  ['no job', { script, jobs: { max: 0 } }],
  ['half a job', { script, jobs: { maxEnded: 1.5 } }],
])('refuses %s', (_name, options) => {
  expect(() => parseGuardOptions(options as GuardOptions)).toThrow(refused);
});

it('names the option that is wrong', () => {
  expect(() => parseGuardOptions({ script, limits: { timeoutMs: 0 } })).toThrow(/^limits\.timeoutMs: /);
});

it('names the option of the rate and of the jobs, and where it is', () => {
  expect(() => parseGuardOptions({ script, rate: { limit: 0 } })).toThrow(/^rate\.limit: /);
  expect(() => parseGuardOptions({ script, jobs: { max: 0 } })).toThrow(/^jobs\.max: /);
});

it('says what a script has to be', () => {
  const options = { script: './worker.js' } as unknown as GuardOptions;
  expect(() => parseGuardOptions(options)).toThrow(/^script: expected a file: URL/);
});

it('refuses options that cannot be read', () => {
  const options = {
    script,
    get workers(): number {
      throw new Error('a getter that throws');
    },
  };
  expect(() => parseGuardOptions(options)).toThrow(refused);
});

it('refuses a signal that is none', () => {
  expect(() => parseRunOptions({ signal: { aborted: false } as AbortSignal })).toThrow(refused);
});

it('refuses an output of no bytes', () => {
  expect(parseRunOptions({ outputBytes: 1 })).toEqual({ outputBytes: 1 });
  expect(() => parseRunOptions({ outputBytes: 0 })).toThrow(refused);
});

it.each([{ memoryMb: 0 }, { cpuMs: 0 }, { digest: '' }])('refuses %o for a run', (options) => {
  expect(() => parseRunOptions(options)).toThrow(refused);
});

it('accepts the fewest open files, and every requirement', () => {
  const parsed = parseGuardOptions({ script, limits: { openFiles: 64 }, require: [...REQUIREMENTS] });
  expect(parsed.limits.openFiles).toBe(64);
  expect(parsed.require).toContain('memory:cgroup');
});

it('accepts a drain without grace and refuses one of negative length', () => {
  expect(parseDrainOptions({ graceMs: 0 })).toEqual({ graceMs: 0 });
  expect(() => parseDrainOptions({ graceMs: -1 })).toThrow(refused);
});
