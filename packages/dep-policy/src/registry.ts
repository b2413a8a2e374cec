import { isExactVersion } from './exact-version.ts';
import { printable } from './printable.ts';

/** Why a URL is refused. */
export interface UrlFault {
  readonly rule: 'https' | 'registry';
  readonly message: string;
}

/**
 * A registry's URL in canonical form: https, lower-case host, no user info, query or fragment, one final `/`.
 *
 * @returns the URL, or why it is refused.
 */
export function parseRegistry(text: string): { readonly url: string } | UrlFault {
  const url = parseHttps(text);
  if (!(url instanceof URL)) return url;
  if (url.search !== '' || url.hash !== '') {
    return { rule: 'registry', message: 'expected a registry URL without query and fragment, found one' };
  }
  return { url: url.href.endsWith('/') ? url.href : `${url.href}/` };
}

/** The registry of npm under the name that Yarn 1 and 2 to 4 have for it. */
const YARN_REGISTRY = 'https://registry.yarnpkg.com/';

/** Where Yarn may take packages from: where npm is allowed, Yarn's own name of it is. */
export function yarnRegistries(allowed: readonly string[]): readonly string[] {
  return allowed.includes('https://registry.npmjs.org/') ? [...allowed, YARN_REGISTRY] : allowed;
}

/** Whether a registry that some setting names is allowed. @returns undefined if it is. */
export function findRegistryFault(text: string, allowed: readonly string[]): UrlFault | undefined {
  const parsed = parseRegistry(text);
  if (!('url' in parsed)) return parsed;
  if (allowed.includes(parsed.url)) return undefined;
  return { rule: 'registry', message: `expected ${allowed.join(' or ')}, found ${printable(parsed.url)}` };
}

/**
 * Whether a tarball's URL is exactly the one that an allowed registry serves this package under,
 * `<registry><name>/-/<name without scope>-<version>.tgz`.
 *
 * The comparison is of text, not of parsed hosts: a look-alike host, another port, a `..`, an escape or a query can
 * then only ever make the texts differ.
 *
 * @returns undefined if it is.
 */
export function findTarballFault(
  text: string,
  name: string,
  version: string,
  allowed: readonly string[],
): UrlFault | undefined {
  const url = parseHttps(text);
  if (!(url instanceof URL)) return url;
  const file = `${name.slice(name.indexOf('/') + 1)}-${version}.tgz`;
  const paths = [
    `${name}/-/${file}`,
    `${name.replace('/', '%2f')}/-/${file}`,
    `${name.replace('/', '%2F')}/-/${file}`,
  ];
  if (isExactVersion(version) && allowed.some((registry) => paths.some((path) => text === registry + path)))
    return undefined;
  const isAllowedRegistry = allowed.some((registry) => text.startsWith(registry));
  return isAllowedRegistry
    ? {
        rule: 'registry',
        message: `expected a URL that ends in ${printable(paths[0]!)}, found ${printable(url.pathname)}`,
      }
    : {
        rule: 'registry',
        message: `expected a URL under ${allowed.join(' or ')}, found the host ${printable(url.host)}`,
      };
}

function parseHttps(text: string): URL | UrlFault {
  const url = URL.parse(text);
  if (url === null) return { rule: 'registry', message: 'expected an https URL, found something else' };
  if (url.protocol !== 'https:')
    return { rule: 'https', message: `expected https, found ${printable(url.protocol.slice(0, -1))}` };
  // Never shown: it may be a real credential.
  if (url.username !== '' || url.password !== '')
    return { rule: 'registry', message: 'expected a URL without user info, found some' };
  return url;
}
