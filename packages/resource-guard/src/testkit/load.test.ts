import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { generateLoad } from './load.ts';
import { percentile } from './percentile.ts';

let server: Server | undefined;

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  server = undefined;
});

describe('the load generator', () => {
  it('sends at the rate that was asked for, and counts good answers', async () => {
    const url = await serve((_, response) => response.end('ok'));
    const report = await generateLoad({ url, perSecond: 200, durationMs: 500 });
    expect(report).toMatchObject({ refused: 0, failed: 0, late: 0, withoutRetryAfter: 0 });
    expect(report.good).toBe(report.sent);
    expect(report.sent).toBeGreaterThan(60);
    expect(report.sent).toBeLessThan(140);
    expect(report.goodMs.p50).toBeGreaterThan(0);
    expect(report.goodPerSecond).toBe(report.good * 2);
  });

  it('sends the same requests at the same times for the same seed', async () => {
    const url = await serve((_, response) => response.end('ok'));
    const [one, two] = [
      await generateLoad({ url, perSecond: 300, durationMs: 200, seed: 7 }),
      await generateLoad({ url, perSecond: 300, durationMs: 200, seed: 7 }),
    ];
    expect(one.sent).toBe(two.sent);
  });

  it('does not wait for answers before it sends more', async () => {
    let open = 0;
    let most = 0;
    const url = await serve((_, response) => {
      open += 1;
      most = Math.max(most, open);
      setTimeout(() => {
        open -= 1;
        response.end('ok');
      }, 300);
    });
    await generateLoad({ url, perSecond: 100, durationMs: 300, deadlineMs: 5000 });
    expect(most).toBeGreaterThan(10);
  });

  it('counts a redirection as no good answer', async () => {
    const url = await serve((_, response) => response.writeHead(302, { location: '/' }).end());
    const report = await generateLoad({ url, perSecond: 100, durationMs: 100 });
    expect(report).toMatchObject({ good: 0, failed: report.sent });
  });

  it('ends with the error of a function that gives no header fields', async () => {
    const url = await serve((_, response) => response.end('ok'));
    const headers = (): never => {
      throw new Error('no header fields');
    };
    await expect(generateLoad({ url, perSecond: 100, durationMs: 500, headers })).rejects.toThrow(
      'no header fields',
    );
  });

  it('counts refusals, and those that do not say when to come back', async () => {
    let n = 0;
    const url = await serve((_, response) => {
      n += 1;
      if (n % 2 === 0) response.setHeader('retry-after', '1');
      response.writeHead(n % 4 < 2 ? 429 : 503).end();
    });
    const report = await generateLoad({ url, perSecond: 200, durationMs: 200 });
    expect(report).toMatchObject({ good: 0, failed: 0, late: 0, refused: report.sent });
    expect(report.withoutRetryAfter).toBe(Math.ceil(report.sent / 2));
  });

  it('gives up at the deadline and lets the server know', async () => {
    let gone = 0;
    const url = await serve((request) => {
      request.once('close', () => (gone += 1));
    });
    const report = await generateLoad({ url, perSecond: 50, durationMs: 200, deadlineMs: 100 });
    expect(report).toMatchObject({ good: 0, late: report.sent });
    await expect.poll(() => gone).toBe(report.sent);
  });

  it('counts other statuses and broken connections as failed', async () => {
    let n = 0;
    const url = await serve((request, response) => {
      n += 1;
      if (n % 2 === 0) response.writeHead(500).end();
      else request.socket.destroy();
    });
    const report = await generateLoad({ url, perSecond: 100, durationMs: 200 });
    expect(report).toMatchObject({ good: 0, late: 0, failed: report.sent });
  });

  it('takes the refusal of a server that does not read the body', async () => {
    const url = await serve((_, response) => {
      response.writeHead(429, { 'retry-after': '1', connection: 'close' }).end();
    });
    const body = new Uint8Array(50_000);
    const report = await generateLoad({ url, perSecond: 50, durationMs: 200, body });
    expect(report).toMatchObject({ refused: report.sent, withoutRetryAfter: 0 });
  });

  it('sends each request with the header fields that are asked for', async () => {
    const seen: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      seen.push(request.headers['x-key'] as string | undefined);
      response.end();
    });
    await generateLoad({ url, perSecond: 100, durationMs: 100, headers: (n) => ({ 'x-key': `k${n}` }) });
    expect(seen.toSorted()).toEqual(seen.map((_, n) => `k${n}`).toSorted());
  });

  it('stops when it is told to', async () => {
    const url = await serve((_, response) => response.end('ok'));
    const started = performance.now();
    await generateLoad({ url, perSecond: 50, durationMs: 60_000, signal: AbortSignal.timeout(100) });
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it.each([
    'http://example.com/',
    'http://128.0.0.1/',
    'http://127.0.0.1.example.com/',
    'https://127.0.0.1/',
    'http://[2001:db8::1]/',
    'file:///etc/passwd',
  ])('refuses to send load to %s', async (url) => {
    await expect(generateLoad({ url, perSecond: 1, durationMs: 1 })).rejects.toMatchObject({
      code: 'ERR_RESOURCE_OPTIONS',
    });
  });
});

describe('a percentile', () => {
  it.each([
    [[], 0.5, NaN],
    [[3], 0.5, 3],
    [[3], 0.99, 3],
    [[1, 2, 3, 4], 0.5, 2],
    [[4, 1, 3, 2], 0.75, 3],
    [[1, 2, 3, 4], 0.76, 4],
    [[1, 2], 0, 1],
  ])('of %j at %s is %s', (values, share, expected) => {
    expect(percentile(values, share)).toBe(expected);
  });
});
