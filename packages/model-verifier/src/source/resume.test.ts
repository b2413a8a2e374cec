import { chmod, link, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CONTENT, scene, send } from './fetch.fixture.ts';
import { hasOpenssl, type Handler } from './server.fixture.ts';

/** Sends half of what it announced, then breaks off. With a tag it goes on from where it is asked to. */
function cutting(etag: string | undefined, rest: Buffer = CONTENT): Handler {
  return (request, response) => {
    const [, start] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const headers = { ...(etag !== undefined && { etag }) };
    if (start !== undefined && request.headers['if-range'] === etag) {
      const body = rest.subarray(Number(start));
      response.writeHead(206, {
        ...headers,
        'content-length': body.length,
        'content-range': `bytes ${start}-${rest.length - 1}/${rest.length}`,
      });
      response.end(body);
      return;
    }
    response.writeHead(200, { ...headers, 'content-length': CONTENT.length });
    response.write(CONTENT.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 100));
  };
}

/** Asks for the rest from within the first part. How much of that was read before the cut is up to the machine. */
const REST = /^bytes=[1-9]\d{0,4}-$|^bytes=100000-$/;

describe.skipIf(!hasOpenssl)('a download that was cut (skipped without openssl)', () => {
  it('goes on where it was, within one fetch and in the next one', async () => {
    const within = await scene(cutting('"v1"'));
    await expect(within.fetch({ retries: 1 })).resolves.toMatchObject({ files: [{ downloaded: true }] });
    expect(within.server.requests.map(({ range }) => range)).toEqual([
      undefined,
      expect.stringMatching(REST) as string,
    ]);

    const next = await scene(cutting('"v1"'));
    await expect(next.fetch()).rejects.toMatchObject({ code: 'ERR_MODEL_DOWNLOAD' });
    expect(await next.quarantined()).toHaveLength(2);
    await expect(next.fetch()).resolves.toMatchObject({ files: [{ downloaded: true }] });
    expect(next.server.requests[1]?.range).toMatch(REST);
    expect(await next.quarantined()).toEqual([]);
  });

  it.each([undefined, 'W/"weak"'])('starts over without a strong tag: %s', async (etag) => {
    const { server, fetch } = await scene(cutting(etag));
    await expect(fetch({ retries: 1 })).rejects.toMatchObject({ code: 'ERR_MODEL_DOWNLOAD' });
    expect(server.requests.map(({ range }) => range)).toEqual([undefined, undefined]);
  });

  it('starts over when the server answers with the whole instead of the range', async () => {
    let first = true;
    const { server, fetch } = await scene((request, response) => {
      if (first) cutting('"v1"')(request, response);
      else send(response, CONTENT, { etag: '"v2"' });
      first = false;
    });
    await expect(fetch({ retries: 1 })).resolves.toMatchObject({ files: [{ downloaded: true }] });
    expect(server.requests[1]?.range).toMatch(REST);
  });

  it('is refused when the rest is of another file', async () => {
    const { fetch, quarantined } = await scene(cutting('"v1"', Buffer.alloc(CONTENT.length, 'other ')));
    await expect(fetch({ retries: 1 })).rejects.toMatchObject({ code: 'ERR_MODEL_DIGEST' });
    expect(await quarantined()).toEqual([expect.stringMatching(/\.refused$/)]);
  });

  it('is refused when another range comes than was asked for', async () => {
    const { fetch } = await scene((request, response) => {
      if (request.headers.range === undefined) cutting('"v1"')(request, response);
      else {
        response.writeHead(206, { 'content-range': `bytes 0-${CONTENT.length - 1}/${CONTENT.length}` });
        response.end(CONTENT);
      }
    });
    await expect(fetch({ retries: 1 })).rejects.toMatchObject({ code: 'ERR_MODEL_DOWNLOAD' });
  });

  it('starts over in the next fetch when more came than was announced', async () => {
    const { server, fetch } = await scene((request, response) => {
      if (request.headers.range === undefined) cutting('"v1"')(request, response);
      else {
        response.writeHead(206, { 'content-range': `bytes 100000-${CONTENT.length - 1}/${CONTENT.length}` });
        response.end(CONTENT);
      }
    });
    await expect(fetch({ retries: 1 })).rejects.toMatchObject({ code: 'ERR_MODEL_SIZE' });
    await expect(fetch()).rejects.toMatchObject({ code: 'ERR_MODEL_DOWNLOAD' });
    expect(server.requests.map(({ range }) => range)).toEqual([
      undefined,
      expect.stringMatching(REST) as string,
      undefined,
    ]);
  });

  it('notices bytes that were changed in quarantine meanwhile', async () => {
    const { root, fetch, quarantined } = await scene(cutting('"v1"'));
    await expect(fetch()).rejects.toMatchObject({ code: 'ERR_MODEL_DOWNLOAD' });
    const part = (await quarantined()).find((name) => name.endsWith('.part'))!;
    await writeFile(join(root, '.quarantine', part), Buffer.alloc(100_000, 'x'));
    await expect(fetch()).rejects.toMatchObject({ code: 'ERR_MODEL_DIGEST' });
  });

  it.each([
    ['has a second name', async (path: string) => link(path, `${path}.twin`)],
    ['is open to others', async (path: string) => chmod(path, 0o644)],
    [
      'is a link',
      async (path: string) => {
        await rm(path);
        await symlink('/etc/hostname', path);
      },
    ],
  ])('starts over when the quarantine file %s', async (_, change) => {
    const { root, server, fetch, quarantined } = await scene(cutting('"v1"'));
    await expect(fetch()).rejects.toMatchObject({ code: 'ERR_MODEL_DOWNLOAD' });
    await change(
      join(
        root,
        '.quarantine',
        (await quarantined()).find((name) => name.endsWith('.part'))!,
      ),
    );
    await expect(fetch()).rejects.toMatchObject({ code: 'ERR_MODEL_DOWNLOAD' });
    expect(server.requests[1]?.range).toBeUndefined();
  });
});
