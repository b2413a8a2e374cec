import { isExactVersion } from './exact-version.ts';

/** What a dependency's specifier (`"1.2.3"`, `"workspace:*"`, `"catalog:"`) asks for. */
export type Specifier =
  /** One version from the registry; `name` is set for an alias (`npm:other@1.2.3`). */
  | { readonly kind: 'exact'; readonly name?: string; readonly version: string }
  /** A member of this workspace, at `*` or at one exact version. */
  | { readonly kind: 'workspace'; readonly version: string }
  | { readonly kind: 'catalog'; readonly catalog: string }
  /** A folder, relative to the manifest. */
  | { readonly kind: 'link'; readonly path: string }
  /** A range or a tag of the registry. */
  | { readonly kind: 'inexact' }
  /** Anything that is not from the registry: git, URL, tarball, folder, another registry. */
  | { readonly kind: 'exotic'; readonly source: string };

/** Reads a specifier. Total: what is in no known form is a source that nobody asked for, or a range. */
export function parseSpecifier(text: string): Specifier {
  if (isExactVersion(text)) return { kind: 'exact', version: text };
  const [, protocol, rest] = /^([a-z][a-z0-9+.-]*):(.*)$/s.exec(text) ?? [];
  if (protocol !== undefined && rest !== undefined) return parseProtocol(protocol, rest);
  if (/^[./~]|\.(?:tgz|tar|tar\.gz)$/i.test(text) && !/^~?\d/.test(text))
    return { kind: 'exotic', source: 'a path' };
  if (/[/:@\\]/.test(text)) return { kind: 'exotic', source: 'a repository or path' };
  return { kind: 'inexact' };
}

function parseProtocol(protocol: string, rest: string): Specifier {
  switch (protocol) {
    case 'npm': {
      const at = rest.lastIndexOf('@');
      const version = rest.slice(at + 1);
      return at > 0 && isExactVersion(version)
        ? { kind: 'exact', name: rest.slice(0, at), version }
        : { kind: 'inexact' };
    }
    case 'workspace':
      if (rest === '*' || isExactVersion(rest)) return { kind: 'workspace', version: rest };
      return /[/@]/.test(rest)
        ? { kind: 'exotic', source: 'workspace: with a path or another name' }
        : { kind: 'inexact' };
    case 'catalog':
      return { kind: 'catalog', catalog: rest === '' ? 'default' : rest };
    case 'link':
      return { kind: 'link', path: rest };
    default:
      return { kind: 'exotic', source: `${protocol}:` };
  }
}
