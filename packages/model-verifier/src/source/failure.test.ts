import { execFile, execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { hasProgram } from '../program.fixture.ts';
import { makeFolder } from '../sample-model.fixture.ts';
import { CONTENT, hash, honest, PATH, scene, send, type Scene } from './fetch.fixture.ts';
import type { FetchOptions } from './fetch.ts';
import { certificate, hasOpenssl, type Handler } from './server.fixture.ts';

describe.skipIf(!hasOpenssl)('a server that changes the protocol (skipped without openssl)', () => {
  const switching =
    (head: string): Handler =>
    (_, response) => {
      response.socket?.on('error', () => undefined);
      response.socket?.write(`HTTP/1.1 101 X\r\n${head}\r\n`);
    };

  it.each([
    ['as an upgrade', 'Connection: Upgrade\r\nUpgrade: x\r\n'],
    ['by its status alone', ''],
    ['and goes on in it', 'Connection: Upgrade\r\nUpgrade: h2c\r\n\r\nmore'],
  ])('is refused at once, and holds up no later fetch: %s', async (_, head) => {
    let isFirst = true;
    const { fetch, server } = await scene((request, response) => {
      (isFirst ? switching(head) : honest)(request, response);
      isFirst = false;
    });
    await expect(fetch({ retries: 3 })).rejects.toMatchObject({
      code: 'ERR_MODEL_DOWNLOAD',
      found: 'status 101',
    });
    expect(server.requests).toHaveLength(1);
    await expect(fetch({ waitMs: 0 })).resolves.toMatchObject({ files: [{ downloaded: true }] });
  });
});

describe.skipIf(!hasOpenssl)('an archive that is wrong (skipped without openssl)', () => {
  const entry = { entry: 'model.onnx' };

  async function tarOf(name: string): Promise<Buffer> {
    const folder = await makeFolder();
    await writeFile(join(folder, name), CONTENT);
    execFileSync('tar', ['--format=ustar', '-cf', 'made.tar', name], { cwd: folder });
    return readFile(join(folder, 'made.tar'));
  }
  /** A server that sends one body after the other, each with a strong tag, and the last one again and again. */
  const sending = (...bodies: readonly Uint8Array[]): Promise<Scene> => {
    let index = 0;
    return scene(
      (_, response) => {
        const body = bodies[Math.min(index++, bodies.length - 1)]!;
        send(response, body, { etag: `"${hash(body)}"` });
      },
      { ...entry },
    );
  };
  const withUrl = async (made: Scene): Promise<Scene> => {
    const url = made.server.url('/models/r1/model.tar');
    const text = (await readFile(made.lockPath, 'utf8')).replace(
      '"role"',
      `"url":${JSON.stringify(url)},"role"`,
    );
    await writeFile(made.lockPath, text);
    return made;
  };

  it.each<[string, string, () => Promise<Buffer>]>([
    ['without the entry', 'ERR_MODEL_MISSING', () => tarOf('other.onnx')],
    ['cut short', 'ERR_MODEL_FORMAT', async () => (await tarOf('model.onnx')).subarray(0, 5000)],
    ['that is none', 'ERR_MODEL_FORMAT', () => Promise.resolve(Buffer.alloc(5000, 'x'))],
  ])('is locked away and asked for again: one %s', async (_, code, make) => {
    const made = await withUrl(await sending(await make(), await tarOf('model.onnx')));
    const error: unknown = await made.fetch().catch((error: unknown) => error);
    const [name = '', ...more] = await made.quarantined();
    expect(more).toEqual([]);
    expect(error).toMatchObject({ code, path: PATH });
    expect((error as Error).message).toContain(`.quarantine/${name}`);
    await expect(made.fetch()).resolves.toMatchObject({ files: [{ downloaded: true }] });
    expect(made.server.requests).toHaveLength(2);
    expect(Buffer.compare(await readFile(join(made.root, PATH)), CONTENT)).toBe(0);
  });
});

describe.skipIf(!hasOpenssl)('a file system that refuses (skipped without openssl)', () => {
  const fetcher = fileURLToPath(new URL('../__fixtures__/fetcher.ts', import.meta.url));
  const run = async (made: Scene, program: string, args: readonly string[], retries = 0): Promise<string> => {
    const ca = join(await makeFolder(), 'ca.pem');
    await writeFile(ca, certificate().ca);
    const child = [process.execPath, fetcher, made.lockPath, String(made.server.port), ca, String(retries)];
    return (await promisify(execFile)(program, [...args, ...child])).stdout;
  };
  const mounted = (how: '--bind' | '--ro-bind', volume: string, { root }: Scene): readonly string[] => [
    ...['--dev-bind', '/', '/'],
    ...[how, volume, join(root, 'faces')],
  ];

  it.skipIf(!hasProgram('prlimit'))(
    'to take more is no broken connection: it is not tried again, and the next fetch goes on (skipped without prlimit)',
    async () => {
      const made = await scene((request, response) => {
        const [, start] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
        if (start === undefined) {
          send(response, CONTENT, { etag: '"v1"' });
          return;
        }
        const body = CONTENT.subarray(Number(start));
        const range = `bytes ${start}-${CONTENT.length - 1}/${CONTENT.length}`;
        response.writeHead(206, { 'content-length': body.length, 'content-range': range });
        response.end(body);
      });
      const answer = await run(made, 'prlimit', ['--fsize=100000'], 3);
      expect(answer).toMatch(/^ModelError ERR_MODEL_UNREADABLE .*EFBIG/);
      expect(answer).not.toContain(made.root);
      expect(made.server.requests).toHaveLength(1);
      await expect(made.fetch()).resolves.toMatchObject({ files: [{ downloaded: true }] });
      expect(made.server.requests[1]?.range).toBe('bytes=100000-');
    },
    30_000,
  );

  it.skipIf(!hasProgram('bwrap'))(
    'to have a byte more because it is full says so (skipped without bubblewrap)',
    async () => {
      const made = await scene(honest);
      const full = ['--perms', '0700', '--size', '200000', '--tmpfs', join(made.root, '.quarantine')];
      const answer = await run(made, 'bwrap', ['--dev-bind', '/', '/', ...full], 3);
      expect(answer).toMatch(/^ModelError ERR_MODEL_UNREADABLE .*ENOSPC/);
      expect(made.server.requests).toHaveLength(1);
    },
    30_000,
  );

  it.skipIf(!hasProgram('bwrap'))(
    'to rename onto a volume gets a copy there, and nothing else (skipped without bubblewrap)',
    async () => {
      const made = await scene(honest);
      const volume = await makeFolder();
      await mkdir(join(made.root, 'faces'));
      await expect(run(made, 'bwrap', mounted('--bind', volume, made))).resolves.toBe('fetched');
      expect(Buffer.compare(await readFile(join(volume, 'onnx', 'model.onnx')), CONTENT)).toBe(0);
      expect(await readdir(join(volume, 'onnx'))).toEqual(['model.onnx']);
      expect(await made.quarantined()).toEqual([]);
    },
    30_000,
  );

  it.skipIf(!hasProgram('bwrap'))(
    'to write on a volume keeps the download for the next fetch (skipped without bubblewrap)',
    async () => {
      const made = await scene((_, response) => {
        send(response, CONTENT, { etag: '"v1"' });
      });
      const volume = await makeFolder();
      await mkdir(join(made.root, 'faces'));
      const args = mounted('--ro-bind', volume, made);
      const noFolder = await run(made, 'bwrap', args);
      expect(noFolder).toMatch(/^ModelError ERR_MODEL_UNREADABLE /);
      await mkdir(join(volume, 'onnx'));
      const noFile = await run(made, 'bwrap', args);
      expect(noFile).toMatch(/^ModelError ERR_MODEL_UNREADABLE .*EROFS/);
      expect(noFolder + noFile).not.toContain(made.root);
      await expect(run(made, 'bwrap', mounted('--bind', volume, made))).resolves.toBe('fetched');
      expect(made.server.requests).toHaveLength(1);
    },
    30_000,
  );

  it('to have a file where a folder is says so', async () => {
    const made = await scene(honest);
    await mkdir(join(made.root, PATH, 'x'), { recursive: true });
    await expect(made.fetch()).rejects.toMatchObject({ name: 'ModelError', path: PATH });
    expect(made.server.requests).toHaveLength(0);
  });
});

describe.skipIf(!hasOpenssl)('what the caller gives (skipped without openssl)', () => {
  it.each<[string, FetchOptions]>([
    ['timeoutMs', { timeoutMs: Infinity }],
    ['timeoutMs', { timeoutMs: NaN }],
    ['timeoutMs', { timeoutMs: 2 ** 31 }],
    ['timeoutMs', { timeoutMs: 0 }],
    ['stallMs', { stallMs: Infinity }],
    ['stallMs', { stallMs: 2 ** 31 }],
    ['headersTimeoutMs', { headersTimeoutMs: NaN }],
    ['retries', { retries: NaN }],
    ['retries', { retries: -1 }],
    ['maxRedirects', { maxRedirects: NaN }],
    ['maxBytes', { maxBytes: 0 }],
    ['minBytesPerSecond', { minBytesPerSecond: NaN }],
    ['waitMs', { waitMs: NaN }],
    ['ca', { ca: 'pem' as unknown as string[] }],
    ['onProgress', { onProgress: 'print' as unknown as () => void }],
    ['timeout', { timeout: 1000 } as FetchOptions],
  ])('is refused before anything is asked for where it is no option: %s %o', async (_, options) => {
    const { fetch, server } = await scene(honest);
    await expect(fetch(options)).rejects.toMatchObject({ code: 'ERR_MODEL_OPTIONS' });
    expect(server.requests).toEqual([]);
  });

  it('may be the longest time that a timer can wait', async () => {
    const { fetch } = await scene((request, response) => {
      setTimeout(() => {
        honest(request, response);
      }, 50);
    });
    const longest = 2 ** 31 - 1;
    const options = { timeoutMs: longest, stallMs: longest, headersTimeoutMs: longest };
    await expect(fetch(options)).resolves.toMatchObject({ name: 'faces' });
  });

  it('ends a download in the pause between two tries with the code of a late one, not of a wish', async () => {
    const { fetch } = await scene((_, response) => void response.writeHead(503).end());
    await expect(fetch({ retries: 5, timeoutMs: 300 })).rejects.toMatchObject({
      code: 'ERR_MODEL_DOWNLOAD',
      found: 'no end within 300 ms',
    });
    const signal = AbortSignal.timeout(300);
    await expect(fetch({ retries: 5, signal })).rejects.toMatchObject({ code: 'ERR_MODEL_ABORTED' });
  });

  it('gets its own error back from onProgress, and nothing is tried again', async () => {
    const { fetch, server } = await scene(honest);
    const mine = new RangeError('mine');
    const onProgress = (): void => {
      throw mine;
    };
    await expect(fetch({ onProgress, retries: 3 })).rejects.toBe(mine);
    expect(server.requests).toHaveLength(1);
  });

  it.each<[string, () => unknown]>([
    ['nothing', () => Promise.resolve(undefined)],
    ['no address', () => Promise.resolve([])],
    ['what is no address', () => Promise.resolve([{ address: 'zzz', family: 4 }])],
    ['null among them', () => Promise.resolve([{ address: '127.0.0.1', family: 4 }, null])],
    [
      'an exception',
      () => {
        throw new Error('mine');
      },
    ],
  ])('is a failed download where its resolver answers with %s', async (_, resolve) => {
    const { fetch } = await scene(honest);
    await expect(fetch({ resolve: resolve as NonNullable<FetchOptions['resolve']> })).rejects.toMatchObject({
      code: 'ERR_MODEL_DOWNLOAD',
    });
  });

  it('need not know the family of an address, nor ever answer', async () => {
    const { fetch } = await scene(honest);
    const never = (): Promise<never> => new Promise(() => undefined);
    await expect(fetch({ resolve: never, headersTimeoutMs: 100 })).rejects.toMatchObject({
      code: 'ERR_MODEL_DOWNLOAD',
    });
    await expect(
      fetch({ resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 6 }]) }),
    ).resolves.toMatchObject({ name: 'faces' });
  });
});
