import { getEventListeners } from 'node:events';
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { hasOpenssl, issueCertificates } from './__fixtures__/certificates.ts';
import type { Certificates } from './__fixtures__/certificates.ts';
import { fromUrl } from './from-url.ts';
import type { UrlPolicy } from './url-policy.ts';

it('refuses a host that is not listed before anything is resolved or sent', async () => {
  const policy = { hosts: ['example.org'], maxBytes: 10 };
  await expect(fromUrl('https://example.com/', policy)).rejects.toMatchObject({ code: 'ERR_INPUT_URL' });
});

it('refuses a listed name that resolves to this machine', async () => {
  const policy = { hosts: ['localhost'], maxBytes: 10 };
  await expect(fromUrl('https://localhost/', policy)).rejects.toMatchObject({
    code: 'ERR_INPUT_URL',
    message: expect.not.stringMatching(/127|::1|localhost/) as string,
  });
});

it('does not begin for a caller who has gone', async () => {
  const policy = { hosts: ['localhost'], maxBytes: 10 };
  const signal = AbortSignal.abort('gone');
  await expect(fromUrl('https://localhost/', policy, { signal })).rejects.toMatchObject({
    code: 'ERR_INPUT_ABORTED',
    cause: 'gone',
  });
});

describe.skipIf(!hasOpenssl)(
  'against a real server (skipped where openssl is absent: it makes the certificates)',
  () => {
    type Answer = (response: ServerResponse, request: IncomingMessage) => void;
    let certificates: Certificates;
    let origin = '';
    let policy: UrlPolicy;
    let answer: Answer;
    const requests: IncomingMessage[] = [];
    const sockets = new Set<TLSSocket>();
    const server = createServer();

    beforeAll(async () => {
      certificates = issueCertificates(['localhost']);
      server.setSecureContext(certificates);
      server.on('secureConnection', (socket) => {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
        socket.on('error', () => undefined);
      });
      server.on('request', (request, response) => {
        requests.push(request);
        answer(response, request);
      });
      await new Promise<void>((resolve) => server.listen(0, resolve));
      const host = `localhost:${(server.address() as AddressInfo).port}`;
      origin = `https://${host}`;
      policy = {
        hosts: [host],
        maxBytes: 1000,
        deadlineMs: 20_000,
        ca: certificates.ca,
        allowAddresses: ['127.0.0.0/8', '::1'],
      };
    });

    beforeEach(() => {
      requests.length = 0;
    });

    afterAll(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });

    const fetch = (path = '/', rest: Partial<UrlPolicy> = {}, options = {}) =>
      fromUrl(origin + path, { ...policy, ...rest }, options);
    const refused = async (code: string, rest: Partial<UrlPolicy> = {}, path = '/') => {
      await expect(fetch(path, rest)).rejects.toMatchObject({ name: 'SanitizeError', code });
    };
    /** All connections are closed: nothing is left to read, and nothing waits in a pool. */
    const untilClosed = async () => {
      await expect.poll(() => sockets.size, { timeout: 10_000 }).toBe(0);
    };
    const send =
      (status: number, body: string | Buffer = '', headers: Record<string, string | number> = {}): Answer =>
      (response) => {
        response.writeHead(status, headers).end(body);
      };
    /** The first request is sent on, the following ones get a picture. */
    const redirect =
      (location: string, status = 302): Answer =>
      (response) => {
        if (requests.length > 1) send(200, 'there')(response, requests[0]!);
        else send(status, 'elsewhere', { location })(response, requests[0]!);
      };

    it('fetches a picture, whatever type the server says it is', async () => {
      answer = send(200, 'picture', { 'content-type': 'text/html' });
      expect(Buffer.from(await fetch('/a?b')).toString()).toBe('picture');
      expect(requests[0]!.url).toBe('/a?b');
      expect(requests[0]!.headers).toEqual({
        host: new URL(origin).host,
        accept: '*/*',
        'accept-encoding': 'identity',
        'user-agent': 'sallyport-input-sanitizer',
        connection: 'close',
      });
      await untilClosed();
    });

    it('fetches several at the same time', async () => {
      answer = (response, { url }) => response.end(url);
      const all = await Promise.all(Array.from({ length: 10 }, async (_, index) => await fetch(`/${index}`)));
      expect(all.map((bytes) => Buffer.from(bytes).toString()).join()).toBe('/0,/1,/2,/3,/4,/5,/6,/7,/8,/9');
    });

    describe('connecting', () => {
      it('refuses the address of this machine unless the policy names it', async () => {
        answer = send(200, 'picture');
        await refused('ERR_INPUT_URL', { allowAddresses: [] });
        await refused('ERR_INPUT_URL', { allowAddresses: ['10.0.0.0/8', 'fd00::/8'] });
        expect(requests).toEqual([]);
      });

      it('refuses a certificate of an authority that it does not know', async () => {
        const { ca, ...rest } = policy;
        expect(ca).toBeDefined();
        await expect(fromUrl(origin, rest)).rejects.toMatchObject({
          code: 'ERR_INPUT_FETCH',
          cause: { code: expect.stringMatching(/CERT|SIGNATURE/) as string },
        });
      });

      it('refuses it also where the environment says not to look', async () => {
        const { ca, ...rest } = policy;
        vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
        await expect(fromUrl(origin, rest)).rejects.toMatchObject({ code: 'ERR_INPUT_FETCH' });
        vi.unstubAllEnvs();
        expect(ca).toBeDefined();
      });

      it('refuses a certificate for another name', async () => {
        const other = issueCertificates(['other.example']);
        const wrong = createServer(other, (_, response) => response.end('picture'));
        await new Promise<void>((resolve) => wrong.listen(0, resolve));
        const host = `localhost:${(wrong.address() as AddressInfo).port}`;
        try {
          await expect(
            fromUrl(`https://${host}/`, { ...policy, hosts: [host], ca: [certificates.ca, other.ca] }),
          ).rejects.toMatchObject({
            code: 'ERR_INPUT_FETCH',
            cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
          });
        } finally {
          await new Promise((resolve) => wrong.close(resolve));
        }
      });

      it('says that a host does not answer, and why only in the cause', async () => {
        // Port 1 is listed, but nobody listens there.
        const work = fromUrl('https://localhost:1/', { ...policy, hosts: ['localhost:1'] });
        await expect(work).rejects.toMatchObject({
          code: 'ERR_INPUT_FETCH',
          retryable: true,
          message: expect.not.stringMatching(/ECONNREFUSED|127/) as string,
          cause: expect.anything() as unknown,
        });
      });

      it('says that a name does not exist', async () => {
        const work = fromUrl('https://none.invalid/', { ...policy, hosts: ['none.invalid'] });
        await expect(work).rejects.toMatchObject({ code: 'ERR_INPUT_FETCH' });
      });
    });

    describe('redirected', () => {
      it.each([301, 302, 303, 307, 308])('follows %d to a listed host', async (status) => {
        answer = redirect('/elsewhere', status);
        expect(Buffer.from(await fetch()).toString()).toBe('there');
        expect(requests.map(({ url }) => url)).toEqual(['/', '/elsewhere']);
        await untilClosed();
      });

      it.each([
        ['http', () => `http://${new URL(origin).host}/`],
        ['another host', () => 'https://example.com/'],
        ['another port', () => 'https://localhost:1/'],
        ['an IP address', () => origin.replace('localhost', '127.0.0.1')],
        ['an IPv6 address', () => origin.replace('localhost', '[::1]')],
        ['the metadata service of a cloud', () => 'http://169.254.169.254/latest/meta-data/'],
        ['a file', () => 'file:///etc/passwd'],
        ['a user name', () => origin.replace('//', '//me@')],
        ['something that is no URL', () => 'https://['],
      ])('refuses %s', async (_, location) => {
        answer = redirect(location());
        await refused('ERR_INPUT_URL');
        expect(requests).toHaveLength(1);
        await untilClosed();
      });

      it('follows as often as the policy says and not once more', async () => {
        const left = { redirects: 2 };
        answer = (response, request) => {
          if (left.redirects-- > 0) send(302, '', { location: `/${left.redirects}` })(response, request);
          else send(200, 'there')(response, request);
        };
        expect((await fetch('/', { maxRedirects: 2 })).length).toBe(5);
        left.redirects = 2;
        await refused('ERR_INPUT_FETCH', { maxRedirects: 1 });
        left.redirects = 1;
        await refused('ERR_INPUT_FETCH', { maxRedirects: 0 });
      });

      it('ends a loop', async () => {
        answer = send(302, '', { location: '/' });
        await refused('ERR_INPUT_FETCH');
        expect(requests).toHaveLength(4);
      });

      it('refuses a redirect to nowhere', async () => {
        answer = send(302);
        await refused('ERR_INPUT_FETCH');
      });

      it('does not read what comes with the redirect', async () => {
        answer = (response) => {
          response.writeHead(302, { location: 'https://example.com/' });
          const more = () => {
            while (!response.destroyed && response.write(Buffer.alloc(10_000)));
          };
          response.on('drain', more);
          more();
        };
        await refused('ERR_INPUT_URL');
        await untilClosed();
      });
    });

    describe('answered', () => {
      it('accepts exactly maxBytes and refuses one more, announced or not', async () => {
        answer = send(200, Buffer.alloc(1000));
        expect((await fetch()).length).toBe(1000);
        answer = send(200, Buffer.alloc(1001), { 'content-length': 1001 });
        await refused('ERR_INPUT_TOO_LARGE');
        answer = (response) => {
          response.write(Buffer.alloc(1000));
          response.end(Buffer.alloc(1));
        };
        await refused('ERR_INPUT_TOO_LARGE');
        await untilClosed();
      });

      it('refuses by the announced length before a byte of the body', async () => {
        answer = (response) => {
          response.writeHead(200, { 'content-length': 1001 }).flushHeaders();
        };
        await refused('ERR_INPUT_TOO_LARGE');
        await untilClosed();
      });

      it('cuts an endless body off', async () => {
        answer = (response) => {
          const more = () => {
            while (!response.destroyed && response.write(Buffer.alloc(100)));
          };
          response.on('drain', more);
          more();
        };
        await refused('ERR_INPUT_TOO_LARGE');
        await untilClosed();
      });

      it('refuses a body shorter than announced', async () => {
        answer = (response) => {
          response.writeHead(200, { 'content-length': 500 });
          response.write(Buffer.alloc(100), () => response.destroy());
        };
        await refused('ERR_INPUT_FETCH');
      });

      it('takes no byte beyond the announced length', async () => {
        answer = (response) => {
          response.socket!.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst and a second answer');
        };
        const outcome = await fetch().then(
          (bytes) => Buffer.from(bytes).toString(),
          (error: unknown) => (error as { code: string }).code,
        );
        expect(['first', 'ERR_INPUT_FETCH']).toContain(outcome);
      });

      it.each([
        ['two different lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef'],
        [
          'a length and chunks',
          'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
        ],
        ['a negative length', 'Content-Length: -5\r\n\r\nabcde'],
        ['headers without end', `${'X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n'.repeat(600)}\r\nabc`],
        ['a line that is no header', 'no header\r\n\r\nabc'],
      ])('refuses %s', async (_, rest) => {
        answer = (response) => {
          response.socket!.end(`HTTP/1.1 200 OK\r\n${rest}`);
        };
        await refused('ERR_INPUT_FETCH');
      });

      it('refuses an answer that is no HTTP', async () => {
        answer = (response) => response.socket!.end('SSH-2.0-OpenSSH_9.9\r\n');
        await refused('ERR_INPUT_FETCH');
      });

      it('refuses a compressed body: nothing is unpacked', async () => {
        answer = send(200, gzipSync(Buffer.alloc(100_000)), { 'content-encoding': 'gzip' });
        await refused('ERR_INPUT_FETCH');
        answer = send(200, 'plain', { 'content-encoding': 'identity' });
        expect((await fetch()).length).toBe(5);
      });

      it.each([201, 204, 206, 300, 304, 400, 401, 403, 429, 500, 503])(
        'refuses status %d',
        async (status) => {
          answer = send(status, 'x');
          await refused('ERR_INPUT_FETCH');
        },
      );

      it.each([404, 410])('does not find what is answered with %d', async (status) => {
        answer = send(status, 'x');
        await refused('ERR_INPUT_NOT_FOUND');
      });

      it('calls an empty body empty', async () => {
        answer = send(200);
        await refused('ERR_INPUT_EMPTY');
      });
    });

    describe('kept waiting', () => {
      it('gives up on a server that never answers', async () => {
        answer = () => undefined;
        await refused('ERR_INPUT_DEADLINE', { deadlineMs: 300 });
        await untilClosed();
      });

      it('gives up on a body that drips', async () => {
        answer = (response) => {
          const drip = setInterval(() => response.write('.'), 20);
          response.on('close', () => {
            clearInterval(drip);
          });
        };
        await refused('ERR_INPUT_DEADLINE', { deadlineMs: 300 });
        await untilClosed();
      });

      it('counts all redirects against one deadline', async () => {
        answer = (response, request) => {
          setTimeout(() => {
            send(302, '', { location: '/' })(response, request);
          }, 100);
        };
        await refused('ERR_INPUT_DEADLINE', { deadlineMs: 300, maxRedirects: 20 });
        await untilClosed();
      });

      it('lets the caller leave, and no listener stays on the signal', async () => {
        const controller = new AbortController();
        answer = (response) => {
          response.write('.');
          setTimeout(() => {
            controller.abort('left');
          }, 20);
        };
        await expect(fetch('/', {}, { signal: controller.signal })).rejects.toMatchObject({
          code: 'ERR_INPUT_ABORTED',
          cause: 'left',
        });
        expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
        await untilClosed();
      });
    });
  },
);
