import { isIPv4, isIPv6 } from 'node:net';
import { ResourceError } from '../errors.ts';

/**
 * The key under which one network client is counted: an IPv4 address as it is, an IPv6 address by its first 64 bits,
 * because whoever has one of these addresses has all 2⁶⁴ of them (RFC 6177, RFC 4291 section 2.5.1). IPv4 that is mapped
 * into IPv6 (`::ffff:0:0/96`) or translated (`64:ff9b::/96`, RFC 6052) is its IPv4 address. Whatever is no address gives
 * the one key `unknown`: no spelling of nonsense is worth an allowance of its own.
 *
 * @param address - For example `socket.remoteAddress`.
 */
export function addressKey(address: string | undefined): string {
  if (typeof address !== 'string') return 'unknown';
  if (isIPv4(address)) return address;
  const plain = address.split('%', 1)[0]!;
  if (!isIPv6(plain)) return 'unknown';
  const groups = expandIPv6(plain);
  const embedded = embeddedIPv4(groups);
  if (embedded !== undefined) return embedded;
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** What a request tells about where it comes from. */
export interface RequestOrigin {
  /** The peer of the connection, for example `request.socket.remoteAddress`. */
  readonly remoteAddress: string | undefined;
  /** The `X-Forwarded-For` header as it came, if there is one. */
  readonly forwardedFor?: string | readonly string[] | undefined;
}

/**
 * The key of the client behind proxies of ours. Each proxy appends the address of its own peer to `X-Forwarded-For`, so
 * the entries are counted from the right, and what a client wrote there itself is never reached.
 *
 * @param trustedHops - Proxies of ours in front of this server, an integer. With 0, the default, the header is not read.
 * @throws {ResourceError} `ERR_RESOURCE_OPTIONS` if `trustedHops` is no such number: a count that was misread must not
 *   let a client choose its own key.
 */
export function clientKey({ remoteAddress, forwardedFor }: RequestOrigin, trustedHops = 0): string {
  if (!Number.isSafeInteger(trustedHops) || trustedHops < 0) {
    const found = typeof trustedHops === 'number' ? String(trustedHops) : typeof trustedHops;
    throw new ResourceError(
      'ERR_RESOURCE_OPTIONS',
      `trustedHops: expected an integer from 0, found ${found}`,
    );
  }
  if (trustedHops === 0) return addressKey(remoteAddress);
  const text = typeof forwardedFor === 'string' ? forwardedFor : (forwardedFor?.join(',') ?? '');
  const hops = text === '' ? [] : text.split(',');
  // A request that came past the proxies has too few entries: then the connection's own peer is all that is known.
  const client = hops.at(-trustedHops);
  return addressKey(client === undefined ? remoteAddress : stripPort(client.trim()));
}

/** Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`. */
function stripPort(address: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(address);
  if (bracketed) return bracketed[1]!;
  const [host = '', port, ...rest] = address.split(':');
  return port !== undefined && rest.length === 0 && isIPv4(host) ? host : address;
}

/** The eight groups of a valid IPv6 address. */
function expandIPv6(address: string): readonly number[] {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const text = dotted
    ? address.slice(0, dotted.index) +
      [(Number(dotted[1]) << 8) | Number(dotted[2]), (Number(dotted[3]) << 8) | Number(dotted[4])]
        .map((group) => group.toString(16))
        .join(':')
    : address;
  const [head = '', tail] = text.split('::');
  const parse = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => parseInt(group, 16));
  const first = parse(head);
  if (tail === undefined) return first;
  const last = parse(tail);
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
}

function embeddedIPv4(groups: readonly number[]): string | undefined {
  const [a, b, c, d, e, f, high = 0, low = 0] = groups;
  const zeros = c === 0 && d === 0 && e === 0;
  const mapped = a === 0 && b === 0 && zeros && f === 0xffff;
  const translated = a === 0x64 && b === 0xff9b && zeros && f === 0;
  if (!mapped && !translated) return undefined;
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
