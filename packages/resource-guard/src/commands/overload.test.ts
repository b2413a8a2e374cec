import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url));

let server: Server | undefined;

afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  server = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** One request at a time, 20 ms each, two more may wait: fifty a second, and an answer for everybody. */
function bounded(): RequestListener {
  let here = 0;
  let free = 0;
  return (_, response) => {
    if (here >= 3) {
      response.writeHead(503, { 'retry-after': '1' }).end();
      return;
    }
    here += 1;
    free = Math.max(free, performance.now()) + 20;
    setTimeout(() => {
      here -= 1;
      response.end('ok');
    }, free - performance.now());
  };
}

function overload(...argv: string[]): Promise<{ status: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, 'overload', ...argv], (error, stdout, stderr) => {
      resolve({ status: error?.code ?? 0, stdout, stderr });
    });
  });
}

interface Report {
  readonly capacityPerSecond: number;
  readonly measured: boolean;
  readonly loads: readonly {
    times: number;
    perSecond: number;
    good: number;
    refused: number;
    goodPerSecond: number;
    withoutRetryAfter: number;
  }[];
}

describe('the overload command', () => {
  it('finds the capacity of a server, and what it does beyond it', async () => {
    const url = await serve(bounded());
    const { status, stdout } = await overload(url, '--seconds', '0.7', '--times', '1,6', '--json');
    expect(status).toBe(0);
    const { capacityPerSecond, measured, loads } = JSON.parse(stdout) as Report;
    expect(measured).toBe(true);
    // Timers are late under load, never early.
    expect(capacityPerSecond).toBeLessThan(60);
    expect(capacityPerSecond).toBeGreaterThan(10);
    expect(loads.map(({ times }) => times)).toEqual([1, 6]);
    expect(loads[1]!.perSecond).toBeCloseTo(6 * capacityPerSecond);
    expect(loads[1]!.refused).toBeGreaterThan(loads[1]!.good);
    expect(loads[1]!.withoutRetryAfter).toBe(0);
  });

  it('prints a table, and takes the rate that it is given', async () => {
    const url = await serve(bounded());
    const { status, stdout } = await overload(
      url,
      '--per-second',
      '40',
      '--times',
      '1,2',
      '--seconds',
      '0.3',
    );
    expect(status).toBe(0);
    const [first, titles, ...rows] = stdout.trimEnd().split('\n');
    expect(first).toBe('capacity 40.0/s, as given');
    expect(titles).toMatch(/^load +sent\/s +good\/s/);
    expect(rows.map((row) => row.trim().split(/\s+/).slice(0, 2))).toEqual([
      ['1x', '40'],
      ['2x', '80'],
    ]);
  });

  it('sends the body and the header fields that it is given', async () => {
    const seen: IncomingMessage[] = [];
    let bytes = 0;
    const url = await serve((request, response) => {
      seen.push(request);
      request.on('data', (chunk: Buffer) => (bytes += chunk.byteLength));
      request.on('end', () => response.end('ok'));
    });
    const folder = mkdtempSync(join(tmpdir(), 'overload-'));
    const file = join(folder, 'body');
    writeFileSync(file, 'x'.repeat(777));
    const argv = ['--per-second', '30', '--times', '1', '--seconds', '0.2', '--header', 'x-key: a:b'];
    try {
      await overload(url, ...argv, '--body', file);
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(seen.length).toBeGreaterThan(0);
    expect(bytes).toBe(777 * seen.length);
    expect(seen.every(({ method, headers }) => method === 'POST' && headers['x-key'] === 'a:b')).toBe(true);
  });

  it('exits with 1 where no answer is good', async () => {
    const url = await serve((_, response) => response.writeHead(404).end());
    const { status, stdout, stderr } = await overload(url, '--seconds', '0.2');
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('no good answer');
  });

  it('sends nothing to another machine', async () => {
    const { status, stderr } = await overload('http://192.0.2.1/', '--per-second', '1');
    expect(status).toBe(64);
    expect(stderr).toContain('on this machine');
  });

  it.each([
    [['not an address']],
    [['http://127.0.0.1:1/', '--times', '1,x']],
    [['http://127.0.0.1:1/', '--seconds', '']],
    [['http://127.0.0.1:1/', '--body-bytes', '-1']],
    [['http://127.0.0.1:1/', '--body', '/no/such/file']],
    [['http://127.0.0.1:1/', '--header', 'no colon']],
    [['http://127.0.0.1:1/', '--header', 'split: a\r\nb']],
    [[]],
  ])('exits with 64 for %j', async (argv) => {
    expect((await overload(...argv)).status).toBe(64);
  });
});
