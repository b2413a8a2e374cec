import { isExactVersion } from '../exact-version.ts';
import type { PackageOrigin } from '../graph/dependency-graph.ts';

/** What a lock of an npm client writes where a version stands. */
export interface NpmSource {
  /** The real package, where the lock uses an alias for it. */
  readonly name?: string;
  /** Undefined if the text names no exact version. */
  readonly version: string | undefined;
  readonly origin: PackageOrigin;
}

/** Reads `1.2.3`, `npm:other@1.2.3`, `git+https://…`, `https://….tgz`, `file:…`, `link:…`. Total. */
export function parseNpmSource(text: string): NpmSource {
  if (isExactVersion(text)) return { version: text, origin: 'registry' };
  const name = aliasedName(text);
  if (name !== undefined) {
    const version = text.slice('npm:'.length + name.length + 1);
    return { name, version: isExactVersion(version) ? version : undefined, origin: 'registry' };
  }
  return { version: undefined, origin: originOf(text) };
}

/** Where a resolved URL leads. */
export function originOf(resolved: string): PackageOrigin {
  if (resolved.startsWith('https://')) return /\.git(?:#|$)/.test(resolved) ? 'git' : 'url';
  if (/^(?:git[+:]|git@|ssh:|github:|gitlab:|bitbucket:|gist:)/.test(resolved)) return 'git';
  if (/\.git(?:#|$)/.test(resolved)) return 'git';
  if (/^(?:file|link|portal|workspace):|^[./~]/.test(resolved)) return 'file';
  if (/^https?:/.test(resolved)) return 'url';
  return /^[\w.-]+\/[\w.-]+(?:#|$)/.test(resolved) ? 'git' : 'unknown';
}

/** The real name in `npm:other@^1.0.0` or `npm:other`; undefined for what is no alias. */
export function aliasedName(text: string): string | undefined {
  return /^npm:((?:@[^/@]+\/)?[^/@]+)(?:@|$)/.exec(text)?.[1];
}
