import { setTimeout as delay } from 'node:timers/promises';
import { DependencyError } from '../errors.ts';

/** Where and how a service is asked. */
export interface ServiceOptions {
  /** Default: that of the public service. https, or http of this machine. */
  readonly url?: string | undefined;
  /** Milliseconds for one request, default 30,000. */
  readonly timeoutInMs?: number | undefined;
  /** Default: the platform's own. */
  readonly fetch?: typeof fetch | undefined;
}

/** Bytes accepted in one answer. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Times that a request is made again after 429, 5xx or a broken connection. */
const MAX_RETRIES = 2;

/** Longest wait before a request is made again, whatever `Retry-After` says. */
const MAX_WAIT_IN_MS = 10_000;

/** A service that answers with JSON. Every failure is `ERR_DEP_NETWORK`: no answer is never an empty one. */
export class JsonService {
  readonly #url: string;
  readonly #timeoutInMs: number;
  readonly #fetch: typeof fetch;

  constructor(publicUrl: string, { url = publicUrl, timeoutInMs = 30_000, fetch: own }: ServiceOptions) {
    this.#url = parseServiceUrl(url);
    this.#timeoutInMs = timeoutInMs;
    this.#fetch = own ?? fetch;
  }

  /** Sends a GET, or with a body a POST, and gives the parsed answer. */
  async ask(path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#askOnce(path, body, signal);
      } catch (error) {
        if (!(error instanceof Retry) || attempt === MAX_RETRIES) throw asNetworkError(error, signal);
        await delay(Math.min(error.waitInMs ?? 250 * 2 ** attempt, MAX_WAIT_IN_MS), undefined, {
          ...(signal && { signal }),
        });
      }
    }
  }

  async #askOnce(path: string, body: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    const deadline = AbortSignal.timeout(this.#timeoutInMs);
    let response: Response;
    try {
      response = await this.#fetch(this.#url + path, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // A redirect could lead anywhere, this machine's own services included.
        redirect: 'error',
        signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      });
    } catch (cause) {
      if (signal?.aborted === true || deadline.aborted) throw cause;
      throw new Retry('expected an answer, found a broken connection', undefined, { cause });
    }
    if (response.status === 429 || response.status >= 500) {
      await response.body?.cancel();
      throw new Retry(`expected an answer, found status ${response.status}`, retryAfter(response));
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`expected an answer, found status ${response.status}`);
    }
    return JSON.parse(await readBounded(response));
  }
}

class Retry extends Error {
  readonly waitInMs: number | undefined;
  constructor(message: string, waitInMs: number | undefined, options?: ErrorOptions) {
    super(message, options);
    this.waitInMs = waitInMs;
  }
}

function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? 'none');
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    const chunk = part as Uint8Array;
    length += chunk.byteLength;
    if (length > MAX_ANSWER_BYTES) throw new Error(`expected at most ${MAX_ANSWER_BYTES} bytes, found more`);
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}

function asNetworkError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return signal.reason;
  return new DependencyError(
    'ERR_DEP_NETWORK',
    'advisories: expected an answer of the service, found none that can be used',
    {
      cause: error,
    },
  );
}

/** Without user info, and over https unless it is this machine. */
function parseServiceUrl(text: string): string {
  const url = URL.parse(text);
  const isLocal = url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (
    url === null ||
    !(url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)) ||
    url.username !== '' ||
    url.password !== ''
  ) {
    throw new DependencyError(
      'ERR_DEP_POLICY',
      'url: expected an https URL without user info, found another',
    );
  }
  return url.href.replace(/\/$/, '');
}
