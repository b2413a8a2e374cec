import { lookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { LookupFunction } from 'node:net';
import { isAddressIn, isPublicAddress } from './address.ts';
import { refuseSize } from './byte-collector.ts';
import { Deadline } from './deadline.ts';
import { diagnose } from './diagnostics.ts';
import { SanitizeError } from './errors.ts';
import { fromStream } from './from-stream.ts';
import { checkOptions } from './parse-options.ts';
import { admitUrl, parseUrlPolicy, refuseUrl } from './url-policy.ts';
import type { ParsedUrlPolicy, UrlPolicy } from './url-policy.ts';

/** A caller's choices for one fetch. */
export interface FromUrlOptions {
  /** Closes the connection and ends with `ERR_INPUT_ABORTED`. */
  readonly signal?: AbortSignal;
}

const REDIRECTS: readonly (number | undefined)[] = [301, 302, 303, 307, 308];
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * Fetches a picture whose URL comes from a stranger, over HTTPS and from the hosts that a policy names, no others.
 *
 * The name is resolved once per connection, and every address of the answer must be a public one, or the connection is
 * not made: the address that was checked is the one that is used. Redirects are followed by hand and held against the
 * same policy. The certificate is always verified, proxies of the environment are not used, no cookie or credential is
 * sent, nothing is decompressed, and the media type that the server claims is ignored.
 *
 * @param text - Untrusted, an absolute URL.
 * @param policy - Trusted. Node trusts `NODE_EXTRA_CA_CERTS` and the resolver of the machine.
 * @throws {SanitizeError} `ERR_INPUT_URL`, `ERR_INPUT_FETCH` (with `cause` where the network failed),
 *   `ERR_INPUT_NOT_FOUND` (404 and 410), `ERR_INPUT_TOO_LARGE`, `ERR_INPUT_EMPTY`, `ERR_INPUT_DEADLINE`,
 *   `ERR_INPUT_ABORTED`; `ERR_INPUT_SPEC` if the policy is wrong.
 */
export async function fromUrl(
  text: string,
  policy: UrlPolicy,
  options: FromUrlOptions = {},
): Promise<Uint8Array> {
  return await diagnose('fromUrl', () => fetchPicture(text, policy, options));
}

async function fetchPicture(text: string, policy: UrlPolicy, options: FromUrlOptions): Promise<Uint8Array> {
  checkOptions(options);
  const { signal } = options;
  const parsed = parseUrlPolicy(policy);
  const deadline = new Deadline(parsed.deadlineMs, signal);
  deadline.check();
  const url = admitUrl(text, parsed);
  const stop = new AbortController();
  const agent = new Agent({ keepAlive: false, lookup: guardLookup(parsed) });
  try {
    return await deadline.race(follow(url, parsed, { agent, signal: stop.signal }));
  } finally {
    stop.abort();
    agent.destroy();
  }
}

interface Connection {
  readonly agent: Agent;
  readonly signal: AbortSignal;
}

async function follow(first: URL, policy: ParsedUrlPolicy, connection: Connection): Promise<Uint8Array> {
  let url = first;
  for (let redirects = 0; redirects <= policy.maxRedirects; redirects++) {
    const response = await get(url, policy, connection);
    if (!REDIRECTS.includes(response.statusCode)) return await readBody(response, policy);
    response.destroy();
    const { location } = response.headers;
    if (location === undefined) throw refuseAnswer('a redirect to nowhere');
    url = admitUrl(location, policy, url);
  }
  throw refuseAnswer(`more than ${policy.maxRedirects} redirects`);
}

function get(url: URL, { ca }: ParsedUrlPolicy, { agent, signal }: Connection): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      agent,
      signal,
      ...(ca === undefined ? {} : { ca: [...ca] }),
      // Said, so that no environment variable or command-line flag can weaken it.
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      insecureHTTPParser: false,
      maxHeaderSize: MAX_HEADER_BYTES,
      headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'sallyport-input-sanitizer' },
    });
    outgoing.once('response', resolve);
    // An answer that turns the connection into something else has no response: it would be waited for until the deadline.
    outgoing.once('upgrade', ({ statusCode }, socket) => {
      socket.on('error', () => undefined).destroy();
      reject(refuseAnswer(`status ${statusCode ?? 'unknown'}`));
    });
    // It stays: a socket may fail once more after the response began, and nobody else listens.
    outgoing.on('error', (cause) => {
      reject(cause instanceof SanitizeError ? cause : refuseAnswer('none', cause));
    });
    outgoing.end();
  });
}

async function readBody(response: IncomingMessage, { maxBytes }: ParsedUrlPolicy): Promise<Uint8Array> {
  try {
    const { statusCode, headers } = response;
    if (statusCode === 404 || statusCode === 410) {
      throw new SanitizeError('ERR_INPUT_NOT_FOUND', 'expected a picture at the URL, found none');
    }
    if (statusCode !== 200) throw refuseAnswer(`status ${statusCode ?? 'unknown'}`);
    if (
      !isPlain(headers['content-encoding'], 'identity') ||
      !isPlain(headers['transfer-encoding'], 'chunked')
    ) {
      throw refuseAnswer('a compressed one');
    }
    const announced = Number(headers['content-length'] ?? 0);
    if (announced > maxBytes) throw refuseSize(maxBytes, announced);
    return await fromStream(response, { maxBytes });
  } catch (error) {
    response.destroy();
    if (error instanceof SanitizeError && error.code === 'ERR_INPUT_UNREADABLE') {
      throw refuseAnswer('one that broke off', error.cause);
    }
    throw error;
  }
}

/** Whether a header names no coding but the one that changes nothing. Chunks are put together again by Node. */
function isPlain(header: string | undefined, plain: string): boolean {
  return header === undefined || header.trim().toLowerCase() === plain;
}

/** Resolves a name, and hands out its addresses only if all of them may be reached. */
function guardLookup({ allowed }: ParsedUrlPolicy): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const found: readonly LookupAddress[] = error ? [] : addresses;
      const [first] = found;
      if (error || !first) {
        callback(error ?? refuseAnswer('no address'), '');
      } else if (!found.every(({ address }) => isPublicAddress(address) || isAddressIn(allowed, address))) {
        callback(refuseUrl('a host whose address is not public'), '');
      } else if (options.all === true) {
        callback(null, [...found]);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}

function refuseAnswer(found: string, cause?: unknown): SanitizeError {
  return new SanitizeError(
    'ERR_INPUT_FETCH',
    `expected the host to answer with a picture, found ${found}`,
    cause === undefined ? undefined : { cause },
  );
}
