import { isIP } from 'node:net';
import { ModelError } from '../errors.ts';

/** Where a download may go. */
export interface HostRule {
  /** Exact host name in lower case: no wildcard, no address. */
  readonly host: string;
  /** Default 443. */
  readonly port?: number;
  /**
   * Path templates; one must match the whole path. `{name}` stands for one segment, `{revision}` for the revision of
   * the source, `{commit}` for 40 hexadecimal digits, and a last `{name...}` for one segment or more.
   */
  readonly paths: readonly string[];
  /** Whether a query is allowed, as signed URLs of a content network have one. Default false. */
  readonly query?: boolean;
}

/** A place that models may be downloaded from. */
export interface SourceRule extends HostRule {
  /** Where its server may redirect to, beside the place itself. Default nowhere. */
  readonly redirects?: readonly HostRule[];
  /** Subnets (CIDR) that may be contacted although they are not the public internet. Default none. */
  readonly addresses?: readonly string[];
}

const HOST = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const PORT = 443;
/** Unreserved and a few harmless others, plainly written: no percent sign, which could hide a slash or a dot. */
const SEGMENT = /^[A-Za-z0-9._~!$&()*+,;=@-]+$/;
const PLACEHOLDER = /^\{[a-z]+\}$/;
const LAST_PLACEHOLDER = /^\{[a-z]+(?:\.\.\.)?\}$/;

/** Whether a text is a host name that a rule may hold: an address in any of its spellings is none. */
export function isHostName(host: string): boolean {
  // `1.2.3` and `0x7f000001` are addresses to a URL parser, which answers with the usual spelling of them.
  return (
    HOST.test(host) &&
    isIP(host) === 0 &&
    URL.canParse(`https://${host}/`) &&
    new URL(`https://${host}/`).host === host
  );
}

/** Whether a text is a path template that {@link findRule} understands. */
export function isPathTemplate(template: string): boolean {
  const [before, ...parts] = template.split('/');
  return (
    before === '' &&
    parts.length > 0 &&
    parts.every((part, index) =>
      part.startsWith('{')
        ? (index === parts.length - 1 ? LAST_PLACEHOLDER : PLACEHOLDER).test(part)
        : // Not a pattern language: a star would look like one.
          SEGMENT.test(part) && !part.includes('*') && !isDots(part),
    )
  );
}

/**
 * Checks a URL against rules, before anything is asked of the network.
 *
 * The URL must be spelt as the parser spells it, so that what was reviewed is what is asked for.
 *
 * @param revision - What `{revision}` stands for.
 * @returns The rule that allows it.
 * @throws {ModelError} `ERR_MODEL_SOURCE`
 */
export function findRule<Rule extends HostRule>(url: string, rules: readonly Rule[], revision: string): Rule {
  const parsed = parseDownloadUrl(url);
  const port = parsed.port === '' ? PORT : Number(parsed.port);
  const here = rules.filter(({ host, port: wanted = PORT }) => host === parsed.hostname && wanted === port);
  if (here.length === 0) {
    throw notAllowed('a host and port of the policy', parsed.host);
  }
  const rule = here.find(({ paths }) =>
    paths.some((template) => matches(template, parsed.pathname, revision)),
  );
  if (rule === undefined)
    throw notAllowed(`a path that the policy allows at ${parsed.host}`, parsed.pathname);
  if (parsed.search !== '' && rule.query !== true) {
    throw notAllowed(`no query at ${parsed.host}`, 'one');
  }
  return rule;
}

/**
 * Reads a URL that is to be asked for.
 *
 * @throws {ModelError} `ERR_MODEL_SOURCE` unless it is `https:` with a host name, without user, password and fragment,
 *   and spelt canonically.
 */
export function parseDownloadUrl(url: string): URL {
  if (!URL.canParse(url)) throw notAllowed('a URL', 'something else');
  const parsed = new URL(url);
  if (parsed.protocol !== 'https:') throw notAllowed('https:', parsed.protocol);
  if (parsed.username !== '' || parsed.password !== '') throw notAllowed('no user and no password', 'one');
  if (url.includes('#')) throw notAllowed('no fragment', 'one');
  if (!isHostName(parsed.hostname)) throw notAllowed('a host name', 'an address or something else');
  if (parsed.href !== url) throw notAllowed('a URL in its canonical spelling', 'another spelling');
  return parsed;
}

function matches(template: string, path: string, revision: string): boolean {
  const wanted = template.split('/').slice(1);
  const found = path.split('/').slice(1);
  const rest = wanted.at(-1)?.endsWith('...}') === true;
  if (rest ? found.length < wanted.length : found.length !== wanted.length) return false;
  return found.every((segment, index) => {
    const part = wanted[Math.min(index, wanted.length - 1)]!;
    if (!part.startsWith('{')) return segment === part;
    if (part === '{revision}') return segment === revision;
    if (part === '{commit}') return /^[0-9a-f]{40}$/.test(segment);
    return SEGMENT.test(segment) && !isDots(segment);
  });
}

function isDots(segment: string): boolean {
  return segment === '.' || segment === '..';
}

function notAllowed(expected: string, found: string): ModelError {
  return new ModelError('ERR_MODEL_SOURCE', `expected ${expected}, found ${found.slice(0, 200)}`, {
    expected,
    found: found.slice(0, 200),
  });
}
