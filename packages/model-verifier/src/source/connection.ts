import { lookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { isIP, type BlockList, type LookupFunction } from 'node:net';
import { z } from 'zod';
import { ModelError, systemCode } from '../errors.ts';
import { isAddressIn, isPublicAddress, parseSubnets } from './address.ts';
import { findRule, parseDownloadUrl, type SourceRule } from './rule.ts';

/** How to reach a source. */
export interface ConnectionOptions {
  /** Certificate authorities (PEM) to trust instead of those of Node. */
  readonly ca?: readonly string[];
  /** Milliseconds from the request to the head of its answer, redirects counted one by one. Default 30000. */
  readonly headersTimeoutMs?: number;
  /** Redirects followed. Default 5, minimum 0. */
  readonly maxRedirects?: number;
  /** Resolves a name. Default: the resolver of the machine. Every address it answers with is checked. */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
  /** Ends the work with `ERR_MODEL_ABORTED`. */
  readonly signal?: AbortSignal;
}

/** An answer, and who gave it in the end. */
export interface Answer {
  readonly response: IncomingMessage;
  /** The URL after the last redirect. */
  readonly url: string;
}

/** A failure that may be gone at the next try. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
}

const DEFAULT_HEADERS_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_REDIRECTS = 5;
const MAX_HEADER_BYTES = 16 * 1024;
const addressesSchema = z.array(z.object({ address: z.string().refine((text) => isIP(text) !== 0) })).min(1);
const REDIRECTS: readonly (number | undefined)[] = [301, 302, 303, 307, 308];
/** What a certificate that does not verify, or a name that does not exist, is reported as: no second try helps. */
const PERMANENT = /CERT|SELF_SIGNED|VERIFY|ALTNAME|^ERR_TLS|^ERR_SSL|^ENOTFOUND$/;

/**
 * Asks for a URL, and follows redirects by hand, each held against the policy like the first.
 *
 * A name is resolved once a connection, every address of the answer must be public or allowed by the rule, and only
 * those are connected to. Certificates are always verified, proxies of the environment are not used, no cookie or
 * credential is sent, and nothing is decompressed.
 *
 * @param rules - Of the policy.
 * @param revision - What `{revision}` stands for in a rule.
 * @throws {ModelError} `ERR_MODEL_SOURCE`, `_DOWNLOAD`, `_ABORTED`.
 * @throws {Interruption} If another try may help.
 */
export async function ask(
  first: string,
  rules: readonly SourceRule[],
  revision: string,
  headers: Readonly<Record<string, string>>,
  options: ConnectionOptions,
): Promise<Answer> {
  const source = findRule(first, rules, revision);
  const allowed = parseSubnets(source.addresses ?? []);
  const hops = [source, ...(source.redirects ?? [])];
  const maxRedirects = options.maxRedirects ?? DEFAULT_MAX_REDIRECTS;
  let url = first;
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const response = await get(parseDownloadUrl(url), headers, allowed, options);
    if (!REDIRECTS.includes(response.statusCode)) return { response, url };
    response.destroy();
    const { location = '' } = response.headers;
    if (location === '' || !URL.canParse(location, url)) throw failed('a redirect to nowhere');
    url = new URL(location, url).href;
    findRule(url, hops, revision);
  }
  throw failed(`more than ${maxRedirects} redirects`);
}

/** The server did not do what a download needs. */
export function failed(found: string, cause?: unknown): ModelError {
  const options = cause === undefined ? { found } : { found, cause };
  return new ModelError(
    'ERR_MODEL_DOWNLOAD',
    `expected the server to send the file, found ${found}`,
    options,
  );
}

async function get(
  url: URL,
  headers: Readonly<Record<string, string>>,
  allowed: BlockList,
  { ca, signal, resolve, headersTimeoutMs = DEFAULT_HEADERS_TIMEOUT_MS }: ConnectionOptions,
): Promise<IncomingMessage> {
  const agent = new Agent({ keepAlive: false });
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => undefined;
  try {
    // The timeout ends the wait for the head only: as a signal of the request it would end the body too.
    return await new Promise<IncomingMessage>((answer, reject) => {
      const outgoing = request(url, {
        agent,
        lookup: guardedLookup(allowed, resolve ?? resolveAll),
        ...(signal !== undefined && { signal }),
        ...(ca !== undefined && { ca: [...ca] }),
        // Said, so that no environment variable or command-line flag can weaken it.
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
        insecureHTTPParser: false,
        maxHeaderSize: MAX_HEADER_BYTES,
        headers: {
          accept: '*/*',
          'accept-encoding': 'identity',
          'user-agent': 'sallyport-model-verifier',
          ...headers,
        },
      });
      // Not by its events alone: a request that has lost its socket says nothing more, also when it is destroyed.
      const giveUp = (error: Error): void => {
        reject(error);
        outgoing.destroy(error);
      };
      timer = setTimeout(
        giveUp,
        headersTimeoutMs,
        new Interruption(`no answer within ${headersTimeoutMs} ms`),
      );
      onAbort = (): void => {
        giveUp(toFailure(signal?.reason, signal));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      outgoing.once('response', answer);
      outgoing.once('upgrade', (_, socket) => {
        socket.on('error', () => undefined);
        socket.destroy();
        giveUp(failed('status 101'));
      });
      // It stays: a socket may fail once more after the response began, and nobody else listens.
      outgoing.on('error', reject);
      outgoing.once('close', () => {
        reject(new Interruption('a connection that closed'));
      });
      outgoing.end();
    });
  } catch (error) {
    throw toFailure(error, signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** What a failed request means: a refusal, the caller's own wish, or something to try again. */
export function toFailure(error: unknown, signal: AbortSignal | undefined): Error {
  if (error instanceof ModelError || error instanceof Interruption) return error;
  if (signal?.aborted === true) {
    return new ModelError('ERR_MODEL_ABORTED', 'the download was ended', { cause: signal.reason });
  }
  const code = systemCode(error) ?? 'unknown';
  if (PERMANENT.test(code)) return failed(`a connection that cannot be trusted or made (${code})`, error);
  return new Interruption(`a connection that broke (${code})`, { cause: error });
}

async function resolveAll(host: string): Promise<readonly LookupAddress[]> {
  return lookup(host, { all: true });
}

/** Resolves a name, and hands out its addresses only if all of them may be reached. */
function guardedLookup(
  allowed: BlockList,
  resolve: (host: string) => Promise<readonly LookupAddress[]>,
): LookupFunction {
  return (hostname, options, callback) => {
    resolveGuarded(hostname, allowed, resolve).then(
      (addresses) => {
        if (options.all === true) callback(null, addresses);
        else callback(null, addresses[0]!.address, addresses[0]!.family);
      },
      (error: unknown) => {
        callback(error as NodeJS.ErrnoException, '');
      },
    );
  };
}

async function resolveGuarded(
  host: string,
  allowed: BlockList,
  resolve: (host: string) => Promise<readonly LookupAddress[]>,
): Promise<LookupAddress[]> {
  // From a function of the caller, who may have written it in JavaScript.
  const { data } = addressesSchema.safeParse(await resolve(host));
  if (data === undefined) throw failed('no address');
  return data.map(({ address }) => {
    if (!isPublicAddress(address) && !isAddressIn(allowed, address)) throw privateAddress(host, address);
    return { address, family: isIP(address) };
  });
}

function privateAddress(host: string, found: string): ModelError {
  return new ModelError('ERR_MODEL_SOURCE', `${host}: expected public addresses, found ${found}`, {
    expected: 'a public address',
    found,
  });
}
