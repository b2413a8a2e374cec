import { createClient } from '@redis/client';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ioredisStore, nodeRedisStore, type ScriptStore } from './script-store.ts';
import { createSharedRateLimit, STORE_CHANNEL, type StoreEvent } from './shared-rate-limit.ts';

const server = spawnSync('redis-server', ['--version']).status === 0;
const needs = 'needs redis-server, Debian package redis-server';

const folder = mkdtempSync(join(tmpdir(), 'guard-redis-'));
const path = join(folder, 'redis.sock');
let redis: ChildProcess;
let client: Redis;

async function startServer(): Promise<void> {
  redis = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '', '--dir', folder], {
    stdio: 'ignore',
  });
  for (let tries = 0; tries < 200; tries += 1) {
    const socket = connect(path);
    const open = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('expected a redis-server that accepts connections');
}

async function stopServer(): Promise<void> {
  if (redis.exitCode !== null || redis.signalCode !== null) return;
  const exited = once(redis, 'exit');
  redis.kill('SIGKILL');
  await exited;
}

function events(): { readonly seen: StoreEvent[]; stop: () => void } {
  const seen: StoreEvent[] = [];
  const listen = (event: unknown): void => void seen.push(event as StoreEvent);
  subscribe(STORE_CHANNEL, listen);
  return { seen, stop: () => void unsubscribe(STORE_CHANNEL, listen) };
}

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!server)(`a rate limit in Redis (${needs})`, () => {
  beforeAll(startServer);
  afterAll(stopServer);
  beforeEach(async () => {
    if (redis.exitCode !== null || redis.signalCode !== null) await startServer();
    client = new Redis({ path, enableOfflineQueue: false, maxRetriesPerRequest: 1, retryStrategy: () => 50 });
    client.on('error', () => undefined);
    await once(client, 'ready');
    await client.flushall();
  });
  afterEach(() => {
    client.disconnect();
  });

  const limits = (store: ScriptStore, options = {}) =>
    createSharedRateLimit({ store, instances: 2, limit: 4, periodMs: 60_000, ...options });

  it('counts two instances as one', async () => {
    const [one, two] = [limits(ioredisStore(client)), limits(ioredisStore(client))];
    const decisions = [];
    for (let n = 0; n < 3; n += 1) decisions.push(await one.take('k'), await two.take('k'));
    expect(decisions.map(({ allowed }) => allowed)).toEqual([true, true, true, true, false, false]);
    expect(decisions.every(({ source }) => source === 'store')).toBe(true);
    expect(decisions.map(({ remaining }) => remaining)).toEqual([3, 2, 1, 0, 0, 0]);
    expect(decisions[4]!.retryAfterMs).toBeGreaterThan(14_000);
    expect(decisions[4]!.retryAfterMs).toBeLessThanOrEqual(15_000);
  });

  it('is exact when many ask at once', async () => {
    const limit = limits(ioredisStore(client), { limit: 50, timeoutMs: 5000 });
    const decisions = await Promise.all(Array.from({ length: 200 }, () => limit.take('k')));
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(50);
  });

  it('allows a key again when its wait has passed', async () => {
    const limit = limits(ioredisStore(client), { limit: 10, periodMs: 1000, burst: 1 });
    expect((await limit.take('k')).allowed).toBe(true);
    const { allowed, retryAfterMs } = await limit.take('k');
    expect(allowed).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, retryAfterMs + 5));
    expect((await limit.take('k')).allowed).toBe(true);
  });

  it('never allows what costs more than a burst, and takes nothing for it', async () => {
    const limit = limits(ioredisStore(client));
    expect(await limit.take('k', 5)).toMatchObject({ allowed: false, retryAfterMs: Infinity });
    expect(await limit.take('k', 4)).toMatchObject({ allowed: true, remaining: 0 });
  });

  it('leaves keys that expire and that nobody can read a secret from', async () => {
    const limit = limits(ioredisStore(client));
    await limit.take('api-key-secret');
    const keys = await client.keys('*');
    expect(keys).toHaveLength(1);
    expect(keys[0]).not.toContain('secret');
    expect(await client.pttl(keys[0]!)).toBeGreaterThan(0);
  });

  it('works through node-redis as well, and shares with ioredis', async () => {
    const other = createClient({ socket: { path, tls: false }, disableOfflineQueue: true });
    other.on('error', () => undefined);
    await other.connect();
    try {
      const [one, two] = [limits(ioredisStore(client)), limits(nodeRedisStore(other))];
      await one.take('k', 3);
      expect(await two.take('k', 2)).toMatchObject({ allowed: false, source: 'store' });
      expect(await two.take('k')).toMatchObject({ allowed: true, source: 'store' });
    } finally {
      other.destroy();
    }
  });

  it('goes on after the store forgot its scripts', async () => {
    const limit = limits(ioredisStore(client));
    await limit.take('k');
    await client.script('FLUSH');
    expect(await limit.take('k')).toMatchObject({ source: 'store', remaining: 2 });
  });

  it('allows its share, never everything, while the store is dead, and asks it again when it is back', async () => {
    const log = events();
    try {
      const limit = limits(ioredisStore(client), { retryMs: 50 });
      expect(await limit.take('k')).toMatchObject({ source: 'store' });
      await stopServer();
      const decisions = [];
      for (let n = 0; n < 10; n += 1) decisions.push(await limit.take('k'));
      expect(decisions.every(({ source }) => source === 'local')).toBe(true);
      expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(2);
      expect(limit.connected).toBe(false);

      await startServer();
      await expect.poll(async () => (await limit.take('other', 0)).source, { timeout: 10_000 }).toBe('store');
      expect(limit.connected).toBe(true);
      expect(log.seen.map(({ state }) => state)).toEqual(['lost', 'back']);
      expect(log.seen[0]!.cause).toBeInstanceOf(Error);
    } finally {
      log.stop();
    }
  });

  it('decides in time while the store hangs, and waits for it only once in a while', async () => {
    const limit = limits(ioredisStore(client), { timeoutMs: 100, retryMs: 60_000 });
    redis.kill('SIGSTOP');
    try {
      expect((await limit.take('k')).source).toBe('local');
      const started = performance.now();
      for (let n = 0; n < 100; n += 1) expect((await limit.take('k')).source).toBe('local');
      // A hundred waits would take ten seconds.
      expect(performance.now() - started).toBeLessThan(5000);
    } finally {
      redis.kill('SIGCONT');
    }
  });
});

describe('a store', () => {
  it.each([[undefined], [[1]], [['x', '0', '0']], [[1, '-1', '0']], [[2, '0', '0']]])(
    'that answers %j is a store that failed',
    async (answer) => {
      const store: ScriptStore = { evaluate: () => Promise.resolve(answer) };
      const limit = createSharedRateLimit({ store, instances: 1, limit: 4 });
      expect(await limit.take('k')).toMatchObject({ source: 'local', allowed: true });
    },
  );

  it('is asked once by a limit that lost it, while the others decide alone', async () => {
    let asked = 0;
    const store: ScriptStore = {
      evaluate: () => {
        asked += 1;
        return Promise.reject(new Error('gone'));
      },
    };
    const limit = createSharedRateLimit({ store, instances: 4, limit: 4, retryMs: 60_000 });
    for (let n = 0; n < 5; n += 1) await limit.take('k');
    expect(asked).toBe(1);
  });

  it('that is away refuses nothing for good that it would allow itself', async () => {
    const store: ScriptStore = { evaluate: () => Promise.reject(new Error('gone')) };
    const limit = createSharedRateLimit({ store, instances: 4, limit: 8, periodMs: 1000 });
    expect(await limit.take('k', 8)).toMatchObject({ allowed: true, source: 'local' });
    // A share is two units a second: eight are paid for in four.
    const second = await limit.take('k', 4);
    expect(second.allowed).toBe(false);
    expect(second.retryAfterMs).toBeGreaterThan(3000);
    expect(second.retryAfterMs).toBeLessThanOrEqual(4000);
    expect((await limit.take('other', 9)).retryAfterMs).toBe(Infinity);
    const small = await limit.take('k');
    expect(small.retryAfterMs).toBeLessThanOrEqual(3500);
  });

  it('that is away gives no key more than its share in the long run', async () => {
    const store: ScriptStore = { evaluate: () => Promise.reject(new Error('gone')) };
    const limit = createSharedRateLimit({ store, instances: 4, limit: 8, periodMs: 200, retryMs: 60_000 });
    let spent = 0;
    const started = performance.now();
    while (performance.now() - started < 1000) {
      const { allowed, retryAfterMs } = await limit.take('k', 4);
      if (allowed) spent += 4;
      else await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
    }
    // Two units in 200 ms, and one request of four in advance.
    expect(spent).toBeGreaterThan(4);
    expect(spent).toBeLessThanOrEqual(4 + Math.ceil((performance.now() - started) / 100));
  });

  it('is not lost for a key that is no string', async () => {
    const store: ScriptStore = { evaluate: () => Promise.resolve([1, '0', '0']) };
    const limit = createSharedRateLimit({ store, instances: 1, limit: 4 });
    await expect(limit.take(undefined as unknown as string)).rejects.toMatchObject({
      code: 'ERR_RESOURCE_OPTIONS',
    });
    expect(limit.connected).toBe(true);
  });

  it('is not asked for a cost that is no number', async () => {
    const store: ScriptStore = { evaluate: () => Promise.reject(new Error('asked')) };
    const limit = createSharedRateLimit({ store, instances: 1, limit: 4 });
    await expect(limit.take('k', NaN)).rejects.toMatchObject({ code: 'ERR_RESOURCE_OPTIONS' });
  });

  it.each([[{ instances: 0 }], [{ store: {} as never }], [{ timeoutMs: 0 }]])(
    'or options %j are refused',
    (wrong) => {
      const store: ScriptStore = { evaluate: () => Promise.resolve(undefined) };
      expect(() => createSharedRateLimit({ store, instances: 1, limit: 1, ...wrong })).toThrow(
        expect.objectContaining({ code: 'ERR_RESOURCE_OPTIONS' }),
      );
    },
  );
});
