// Answers that no server of Node's would give, byte by byte.
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasOpenssl, issueCertificates } from './__fixtures__/certificates.ts';
import type { Certificates } from './__fixtures__/certificates.ts';
import { fromUrl } from './from-url.ts';
import type { UrlPolicy } from './url-policy.ts';

describe.skipIf(!hasOpenssl)(
  'against a raw server (skipped where openssl is absent: it makes the certificates)',
  () => {
    const sockets = new Set<TLSSocket>();
    let answer = '';
    let answered = 0;
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket)).on('error', () => undefined);
      socket.once('data', () => {
        answered++;
        socket.write(answer);
      });
    });
    let certificates: Certificates;
    let policy: UrlPolicy;

    beforeAll(async () => {
      certificates = issueCertificates(['localhost']);
      server.setSecureContext(certificates);
      await new Promise<void>((resolve) => server.listen(0, resolve));
      policy = {
        hosts: [`localhost:${(server.address() as AddressInfo).port}`],
        maxBytes: 1000,
        // Long enough that only an answer of its own comes before it.
        deadlineMs: 60_000,
        ca: certificates.ca,
        allowAddresses: ['127.0.0.0/8', '::1'],
      };
    });

    afterAll(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });

    const fetch = async (text: string, rest: Partial<UrlPolicy> = {}) => {
      answer = text;
      return Buffer.from(await fromUrl(`https://${policy.hosts[0]!}/`, { ...policy, ...rest })).toString();
    };
    const whole = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc';

    it.each([
      ['as nobody asked for', 'Upgrade: x\r\nConnection: Upgrade\r\n'],
      ['to nothing', ''],
    ])('a switch of protocols %s is refused, and not waited for', async (_, headers) => {
      const switching = `HTTP/1.1 101 Switching Protocols\r\n${headers}\r\nabc`;
      await expect(fetch(switching)).rejects.toMatchObject({ code: 'ERR_INPUT_FETCH' });
      await expect.poll(() => sockets.size, { timeout: 10_000 }).toBe(0);
    });

    it('a body in chunks is put together, and one that is also compressed on its way is refused', async () => {
      const coded = (coding: string) =>
        `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\n\r\n3\r\nabc\r\n0\r\n\r\n`;
      expect(await fetch(coded('Chunked'))).toBe('abc');
      for (const coding of ['gzip, chunked', 'deflate,chunked', 'chunked, chunked']) {
        await expect(fetch(coded(coding))).rejects.toMatchObject({ code: 'ERR_INPUT_FETCH' });
      }
    });

    it('authorities come in one text or several, with words between them', async () => {
      const { ca } = certificates;
      expect(await fetch(whole, { ca: `# ours\n${ca}\n# again\n${ca}` })).toBe('abc');
      expect(await fetch(whole, { ca: [ca, `${ca}${ca}`] })).toBe('abc');
    });

    it('what is no authority is a mistake of the operator, before anything is sent', async () => {
      const { ca, key } = certificates;
      answered = 0;
      for (const bad of ['garbage', [ca, 'garbage'], key, ca.replace('\nM', '\n!'), ca.slice(0, 200)]) {
        await expect(fetch(whole, { ca: bad })).rejects.toMatchObject({ code: 'ERR_INPUT_SPEC' });
      }
      expect(answered).toBe(0);
    });
  },
);
