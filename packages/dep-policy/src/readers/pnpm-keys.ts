import { isExactVersion } from '../exact-version.ts';

/** How a version of the lock writes the keys of packages, and references to them. */
export interface PnpmKeys {
  /** Whether packages and their dependencies stand apart, as from version 9 on. */
  readonly hasSnapshots: boolean;
  /** The key in `packages` of a key in `snapshots`. */
  packageOf(key: string): string;
  /** The name and version in a key of `packages`. */
  split(key: string): { readonly name: string; readonly version: string; readonly isRegistry: boolean };
  /** The key that a reference leads to; undefined for a member of the workspace. */
  resolve(name: string, reference: string): string | undefined;
}

/** @returns undefined for a version that is not known. */
export function pnpmKeys(version: string): PnpmKeys | undefined {
  if (version === '9.0') return atKeys('');
  if (version === '6.0' || version === '6.1') return atKeys('/');
  return version === '5.4' ? slashKeys : undefined;
}

/** `name@1.2.3(peer@4.5.6)`; in version 6 with a slash before it, and without one for what is not of the registry. */
function atKeys(prefix: '' | '/'): PnpmKeys {
  return {
    hasSnapshots: prefix === '',
    packageOf: withoutPeers,
    split: (key) => {
      const plain = withoutPeers(key.startsWith('/') ? key.slice(1) : key);
      const at = plain.indexOf('@', 1);
      const [name, version] = at === -1 ? [plain, ''] : [plain.slice(0, at), plain.slice(at + 1)];
      return { name, version, isRegistry: isExactVersion(version) };
    },
    resolve: (name, reference) => {
      if (/^(?:link|workspace):/.test(reference)) return undefined;
      if (prefix === '/') {
        return isReferenceToVersion(reference) ? `/${name}@${reference}` : reference;
      }
      // With a name of its own (an alias): `other@1.2.3`; the `@` of a peer or of a URL comes after a `(` or `:`.
      return /^@|^[^@:(]+@/.test(reference) ? reference : `${name}@${reference}`;
    },
  };
}

/** `/name/1.2.3_peer@4.5.6`, and without the slash for what is not of the registry. */
const slashKeys: PnpmKeys = {
  hasSnapshots: false,
  packageOf: (key) => key,
  split: (key) => {
    const [, name = key, rest = ''] = /^\/((?:@[^/]+\/)?[^/]+)\/(.+)$/.exec(key) ?? [];
    const underscore = rest.indexOf('_');
    const version = underscore === -1 ? rest : rest.slice(0, underscore);
    return { name, version, isRegistry: isExactVersion(version) };
  },
  resolve: (name, reference) => {
    if (/^(?:link|workspace):/.test(reference)) return undefined;
    if (reference.startsWith('/')) return reference;
    return isReferenceToVersion(reference.replace(/_.*$/s, '')) ? `/${name}/${reference}` : reference;
  },
};

function isReferenceToVersion(reference: string): boolean {
  return isExactVersion(withoutPeers(reference));
}

function withoutPeers(key: string): string {
  const bracket = key.indexOf('(');
  return bracket === -1 ? key : key.slice(0, bracket);
}
