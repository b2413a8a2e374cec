import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeFolder } from '../sample-model.fixture.ts';
import { CONTENT, hash, honest, PATH, scene, send } from './fetch.fixture.ts';
import { fetchModel, type FetchOptions } from './fetch.ts';
import { hasOpenssl, type Handler } from './server.fixture.ts';

describe.skipIf(!hasOpenssl)('fetchModel (skipped without openssl, which makes the certificates)', () => {
  it('brings the file where the lock wants it, and leaves nothing in quarantine', async () => {
    const { root, fetch, quarantined } = await scene(honest);
    await expect(fetch()).resolves.toEqual({
      name: 'faces',
      pinned: false,
      files: [{ path: PATH, bytes: CONTENT.length, sha256: hash(CONTENT), downloaded: true }],
    });
    expect(Buffer.compare(await readFile(join(root, PATH)), CONTENT)).toBe(0);
    expect(await quarantined()).toEqual([]);
    expect((await lstat(join(root, '.quarantine'))).mode & 0o777).toBe(0o700);
  });

  it('downloads nothing that is there, but hashes it', async () => {
    const { root, server, fetch } = await scene(honest);
    await fetch();
    await expect(fetch()).resolves.toMatchObject({ files: [{ downloaded: false }] });
    expect(server.requests).toHaveLength(1);
    await writeFile(join(root, PATH), 'other');
    await expect(fetch()).rejects.toMatchObject({ code: 'ERR_MODEL_DIGEST' });
    expect(server.requests).toHaveLength(1);
    await expect(fetch({ replace: true })).resolves.toMatchObject({ files: [{ downloaded: true }] });
  });

  it('tells how far it is', async () => {
    const { fetch } = await scene(honest);
    const seen: number[] = [];
    await fetch({
      onProgress: (path, received, total) => {
        expect(path).toBe(PATH);
        seen.push(received / total);
      },
    });
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('sends no request where the policy does not allow the URL', async () => {
    const { server, root, fetch } = await scene(honest);
    await expect(fetch({}, [])).rejects.toMatchObject({ code: 'ERR_MODEL_SOURCE' });
    await expect(fetch({}, [{ ...server.rule, paths: ['/models/{name}'] }])).rejects.toMatchObject({
      code: 'ERR_MODEL_SOURCE',
    });
    expect(server.requests).toEqual([]);
    expect(await readdir(root)).toEqual(['models.lock']);
  });

  it('connects to no address that is not public, unless its rule lists it', async () => {
    const { server, fetch } = await scene(honest);
    await expect(fetch({}, [{ ...server.rule, addresses: [] }])).rejects.toMatchObject({
      code: 'ERR_MODEL_SOURCE',
      found: '127.0.0.1',
    });
    const mixed = [
      { address: '93.184.215.14', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ];
    await expect(fetch({ resolve: () => Promise.resolve(mixed) })).rejects.toMatchObject({
      found: '10.0.0.1',
    });
    expect(server.requests).toEqual([]);
  });

  it('resolves a name once a connection: the address that was checked is the one used', async () => {
    const { fetch } = await scene(honest);
    let asked = 0;
    const resolve = (): ReturnType<NonNullable<FetchOptions['resolve']>> =>
      Promise.resolve([{ address: asked++ === 0 ? '127.0.0.1' : '10.0.0.1', family: 4 }]);
    await expect(fetch({ resolve })).resolves.toMatchObject({ files: [{ downloaded: true }] });
    expect(asked).toBe(1);
  });

  it('trusts no certificate of an unknown authority, whatever the environment says', async () => {
    const { server, lockPath } = await scene(honest);
    const { resolve } = server.options;
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    onTestFinished(() => {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    });
    const policy = { policyVersion: 1, sources: [server.rule] } as const;
    await expect(fetchModel(lockPath, 'faces', policy, { resolve: resolve! })).rejects.toMatchObject({
      code: 'ERR_MODEL_DOWNLOAD',
      cause: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    });
  });

  it('trusts no certificate of another name', async () => {
    const { server, lockPath } = await scene(honest);
    const text = (await readFile(lockPath, 'utf8')).replace('models.test', 'other.test');
    await writeFile(lockPath, text);
    const sources = [{ ...server.rule, host: 'other.test' }];
    await expect(
      fetchModel(lockPath, 'faces', { policyVersion: 1, sources }, server.options),
    ).rejects.toMatchObject({ code: 'ERR_MODEL_DOWNLOAD', cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
  });

  describe('a redirect', () => {
    const redirecting =
      (location: (request: Parameters<Handler>[0]) => string): Handler =>
      (request, response) => {
        if (request.url === '/models/r1/model.onnx') {
          response.writeHead(302, { location: location(request) });
          response.end();
        } else honest(request, response);
      };
    const port = (request: Parameters<Handler>[0]): string =>
      (request.headers.host ?? '').split(':')[1] ?? '';

    it('is followed where the rule allows it: at home, and at a host it names', async () => {
      const home = await scene(redirecting(() => '/models/blobs/1'));
      await expect(home.fetch()).resolves.toMatchObject({ files: [{ downloaded: true }] });
      const away = await scene(redirecting((request) => `https://cdn.test:${port(request)}/b?sig=1`));
      const redirects = [{ host: 'cdn.test', port: away.server.port, paths: ['/b'], query: true }];
      await expect(away.fetch({}, [{ ...away.server.rule, redirects }])).resolves.toMatchObject({
        name: 'faces',
      });
      expect(away.server.requests.map(({ url }) => url)).toEqual(['/models/r1/model.onnx', '/b?sig=1']);
    });

    it.each([
      ['to another host', (request: Parameters<Handler>[0]) => `https://cdn.test:${port(request)}/models/x`],
      ['to http', (request: Parameters<Handler>[0]) => `http://models.test:${port(request)}/models/x`],
      ['to another path', () => '/private/x'],
      ['to another port', () => 'https://models.test/models/x'],
      ['to an address', () => 'https://127.0.0.1/models/x'],
      [
        'with a password',
        (request: Parameters<Handler>[0]) => `https://a:b@models.test:${port(request)}/models/x`,
      ],
      ['to a file', () => 'file:///etc/passwd'],
    ])('is refused %s', async (_, location) => {
      const { server, fetch } = await scene(redirecting(location));
      await expect(fetch()).rejects.toMatchObject({ code: 'ERR_MODEL_SOURCE', path: PATH });
      expect(server.requests).toHaveLength(1);
    });

    it('is refused when it leads nowhere, and when it never ends', async () => {
      const nowhere = await scene(redirecting(() => ''));
      await expect(nowhere.fetch()).rejects.toMatchObject({ code: 'ERR_MODEL_DOWNLOAD' });
      const loop = await scene(redirecting(() => '/models/r1/model.onnx'));
      await expect(loop.fetch({ maxRedirects: 3 })).rejects.toMatchObject({ code: 'ERR_MODEL_DOWNLOAD' });
      expect(loop.server.requests).toHaveLength(4);
    });
  });

  describe('a server that lies', () => {
    it('about the bytes: they are locked away, and the error says where', async () => {
      const wrong = Buffer.from(CONTENT);
      wrong[7]! ^= 1;
      const { root, fetch, quarantined } = await scene((_, response) => {
        send(response, wrong);
      });
      const error: unknown = await fetch().catch((error: unknown) => error);
      const [name = ''] = await quarantined();
      expect(error).toMatchObject({ code: 'ERR_MODEL_DIGEST', path: PATH, found: `sha256:${hash(wrong)}` });
      expect((error as Error).message).toContain(`.quarantine/${name}`);
      expect((await lstat(join(root, '.quarantine', name))).mode & 0o777).toBe(0);
      expect(await readdir(root)).not.toContain('faces');
    });

    it('about the size, before a byte of the body is read', async () => {
      const { fetch } = await scene((_, response) => {
        response.writeHead(200, { 'content-length': CONTENT.length + 1 });
        response.flushHeaders();
      });
      await expect(fetch()).rejects.toMatchObject({
        code: 'ERR_MODEL_SIZE',
        found: String(CONTENT.length + 1),
      });
    });

    it('by sending more than the lock says without announcing it', async () => {
      let sent = 0;
      const { fetch } = await scene((_, response) => {
        const more = (): void => {
          while (!response.destroyed && sent < 100_000_000 && response.write(CONTENT)) sent += CONTENT.length;
        };
        response.on('drain', more);
        more();
      });
      await expect(fetch()).rejects.toMatchObject({ code: 'ERR_MODEL_SIZE' });
      expect(sent).toBeLessThan(100_000_000);
    });

    it('by compressing what was to come as it is', async () => {
      const { fetch } = await scene((_, response) => {
        send(response, gzipSync(CONTENT), { 'content-encoding': 'gzip' });
      });
      await expect(fetch()).rejects.toMatchObject({
        code: 'ERR_MODEL_DOWNLOAD',
        found: 'content encoding gzip',
      });
    });

    it.each([404, 403, 204, 206])('with status %i', async (status) => {
      const { fetch } = await scene((_, response) => {
        response.writeHead(status, { 'content-length': 0 });
        response.end();
      });
      await expect(fetch()).rejects.toMatchObject({ code: 'ERR_MODEL_DOWNLOAD' });
    });

    it('is given up on when it answers nothing', async () => {
      const { fetch } = await scene(() => undefined);
      await expect(fetch({ headersTimeoutMs: 200 })).rejects.toMatchObject({ code: 'ERR_MODEL_DOWNLOAD' });
    });

    it('is given up on when it drips', async () => {
      const { fetch } = await scene((_, response) => {
        response.writeHead(200, { 'content-length': CONTENT.length });
        const drip = setInterval(() => response.write('x'), 20);
        response.on('close', () => {
          clearInterval(drip);
        });
      });
      await expect(fetch({ stallMs: 300, minBytesPerSecond: 1000 })).rejects.toMatchObject({
        code: 'ERR_MODEL_DOWNLOAD',
        found: expect.stringContaining('less than') as unknown,
      });
      await expect(fetch({ stallMs: 60_000, timeoutMs: 300 })).rejects.toMatchObject({
        code: 'ERR_MODEL_DOWNLOAD',
      });
    });

    it('is left when the caller no longer wants it', async () => {
      const { fetch } = await scene(() => undefined);
      const signal = AbortSignal.timeout(100);
      await expect(fetch({ signal })).rejects.toMatchObject({ code: 'ERR_MODEL_ABORTED' });
    });

    it('is tried again when it is busy', async () => {
      let busy = 1;
      const { fetch } = await scene((request, response) => {
        if (busy-- > 0) response.writeHead(503).end();
        else honest(request, response);
      });
      await expect(fetch({ retries: 1 })).resolves.toMatchObject({ name: 'faces' });
    });
  });

  describe('the way to the file', () => {
    it('leads through no link', async () => {
      const { root, fetch } = await scene(honest);
      const elsewhere = await makeFolder();
      await symlink(elsewhere, join(root, 'faces'));
      await expect(fetch()).rejects.toMatchObject({ code: 'ERR_MODEL_LINK' });
      expect(await readdir(elsewhere)).toEqual([]);
    });

    it('needs a quarantine that is a folder of this user alone', async () => {
      const { root, fetch } = await scene(honest);
      await symlink(await makeFolder(), join(root, '.quarantine'));
      await expect(fetch()).rejects.toMatchObject({ code: 'ERR_MODEL_LINK' });
      await rm(join(root, '.quarantine'));
      await mkdir(join(root, '.quarantine'), { mode: 0o755 });
      await expect(fetch()).rejects.toMatchObject({ code: 'ERR_MODEL_LINK' });
    });
  });

  it('lets one fetch at a time write below a lock', async () => {
    const { server, fetch } = await scene(honest);
    const both = await Promise.all([fetch(), fetch()]);
    expect(both.map(({ files }) => files[0]?.downloaded).sort()).toEqual([false, true]);
    expect(server.requests).toHaveLength(1);
  });

  it('speaks TLS only: a plain server is a failed download', async () => {
    const { server, lockPath } = await scene(honest);
    const plain = createServer((_, response) => void response.end('x'));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void plain.close());
    const { port } = plain.address() as { readonly port: number };
    await writeFile(lockPath, (await readFile(lockPath, 'utf8')).replaceAll(`:${server.port}/`, `:${port}/`));
    const sources = [{ ...server.rule, port }];
    await expect(
      fetchModel(lockPath, 'faces', { policyVersion: 1, sources }, server.options),
    ).rejects.toMatchObject({ code: 'ERR_MODEL_DOWNLOAD' });
  });
});
