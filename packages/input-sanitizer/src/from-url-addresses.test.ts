import type * as dns from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { hasOpenssl, issueCertificates } from './__fixtures__/certificates.ts';
import { fromUrl } from './from-url.ts';

type Callback = (error: Error | null, addresses: LookupAddress[]) => void;

/** What the resolver of the machine answers, name by name; it cannot be made to answer so in a test. */
const answers = new Map<string, readonly (readonly string[])[]>();
const asked: string[] = [];

vi.mock('node:dns', async (importOriginal) => {
  const actual = await importOriginal<typeof dns>();
  const lookup = (name: string, options: LookupOptions, callback: Callback) => {
    const rounds = answers.get(name);
    if (!rounds) {
      actual.lookup(name, { ...options, all: true }, callback);
      return;
    }
    const round = asked.filter((other) => other === name).length;
    asked.push(name);
    const addresses = rounds[Math.min(round, rounds.length - 1)]!;
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return { ...actual, lookup, default: { ...actual, lookup } };
});

const PUBLIC = '93.184.215.14';

beforeEach(() => {
  answers.clear();
  asked.length = 0;
});

describe('a listed name is not connected to if it resolves to', () => {
  it.each([
    ['a public and a private address', [PUBLIC, '10.0.0.1']],
    ['a private and a public address', ['192.168.1.1', PUBLIC]],
    ['a public IPv4 and the IPv6 loopback', [PUBLIC, '::1']],
    ['the metadata service of a cloud', ['169.254.169.254']],
    ['an IPv4-mapped loopback', ['::ffff:127.0.0.1']],
    ['an IPv4-mapped public address', [`::ffff:${PUBLIC}`]],
    ['a NAT64 address of the loopback', ['64:ff9b::7f00:1']],
    ['a NAT64 address of a public host', ['64:ff9b::5db8:d70e']],
    ['a 6to4 address of a private host', ['2002:a00:1::1']],
    ['a link-local address with a zone', ['fe80::1%eth0']],
    ['a global address with a zone', ['2606:2800:21f:cb07:6820:80da:af6b:8b2c%eth0']],
    ['a unique local address', ['fd12:3456:789a::1']],
    ['the unspecified address', ['0.0.0.0']],
    ['multicast', ['224.0.0.1']],
    ['something that is no address', ['localhost']],
  ])('%s', async (_, addresses) => {
    answers.set('pictures.test', [addresses]);
    await expect(
      fromUrl('https://pictures.test/', { hosts: ['pictures.test'], maxBytes: 10 }),
    ).rejects.toMatchObject({
      code: 'ERR_INPUT_URL',
      message: 'expected an https URL of a listed host, found a host whose address is not public',
    });
    expect(asked).toEqual(['pictures.test']);
  });

  it('nothing', async () => {
    answers.set('pictures.test', [[]]);
    const work = fromUrl('https://pictures.test/', { hosts: ['pictures.test'], maxBytes: 10 });
    await expect(work).rejects.toMatchObject({ code: 'ERR_INPUT_FETCH' });
  });
});

describe.skipIf(!hasOpenssl)(
  'against a real server (skipped where openssl is absent: it makes the certificates)',
  () => {
    const certificates = hasOpenssl ? issueCertificates(['outer.test', 'inner.test']) : undefined;
    const requests: string[] = [];
    const server = createServer({ ...certificates }, ({ headers, url }, response) => {
      requests.push(`${headers.host ?? ''}${url ?? ''}`);
      if (url === '/away') response.writeHead(302, { location: `https://inner.test:${port()}/` }).end();
      else response.end('picture');
    });
    const port = () => (server.address() as AddressInfo).port;
    const fetch = async (path: string) => {
      const hosts = ['outer.test', 'inner.test'].map((name) => `${name}:${port()}`);
      const policy = { hosts, maxBytes: 10, ca: certificates!.ca, allowAddresses: ['127.0.0.1'] };
      return Buffer.from(await fromUrl(`https://outer.test:${port()}${path}`, policy)).toString();
    };

    beforeAll(async () => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    });
    beforeEach(() => {
      requests.length = 0;
    });
    afterAll(async () => {
      await new Promise((resolve) => server.close(resolve));
    });

    it('the address that was checked is the one that is used: the name is asked for once', async () => {
      // A second answer would lead inside.
      answers.set('outer.test', [['127.0.0.1'], ['10.0.0.1']]);
      expect(await fetch('/')).toBe('picture');
      expect(asked).toEqual(['outer.test']);
    });

    it('a redirect to a listed host that resolves inside is refused, and not connected to', async () => {
      answers.set('outer.test', [['127.0.0.1']]);
      answers.set('inner.test', [['10.0.0.1']]);
      await expect(fetch('/away')).rejects.toMatchObject({ code: 'ERR_INPUT_URL' });
      expect(requests).toEqual([`outer.test:${port()}/away`]);
    });

    it('a redirect to a listed host that may be reached is followed', async () => {
      answers.set('outer.test', [['127.0.0.1']]);
      answers.set('inner.test', [['127.0.0.1']]);
      expect(await fetch('/away')).toBe('picture');
      expect(asked).toEqual(['outer.test', 'inner.test']);
    });

    it('one inner address among those of a redirect is enough to refuse it', async () => {
      answers.set('outer.test', [['127.0.0.1'], ['127.0.0.1']]);
      answers.set('inner.test', [['127.0.0.1', '169.254.169.254']]);
      await expect(fetch('/away')).rejects.toMatchObject({ code: 'ERR_INPUT_URL' });
      expect(requests).toHaveLength(1);
    });
  },
);
