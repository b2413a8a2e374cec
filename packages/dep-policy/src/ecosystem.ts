/** Ecosystems whose packages are read and matched. Written as in the OSV schema. */
export const ECOSYSTEMS = ['npm', 'PyPI'] as const;

/** One of {@link ECOSYSTEMS}. */
export type Ecosystem = (typeof ECOSYSTEMS)[number];

/** A package, whatever its version. */
export interface PackageName {
  readonly ecosystem: Ecosystem;
  /** As {@link normalizeName} gives it. */
  readonly name: string;
}

/** The ecosystem that an advisory names: what stands before a `:` decides. @returns undefined for any other. */
export function parseEcosystem(text: string): Ecosystem | undefined {
  const colon = text.indexOf(':');
  const name = colon === -1 ? text : text.slice(0, colon);
  return ECOSYSTEMS.find((ecosystem) => ecosystem === name);
}

/**
 * The one spelling of a package's name. PyPI does not tell `-`, `_`, `.` and case apart; npm tells everything apart.
 *
 * @see PEP 503, normalized names
 */
export function normalizeName(ecosystem: Ecosystem, name: string): string {
  return ecosystem === 'npm' ? name : name.toLowerCase().replaceAll(/[-_.]+/g, '-');
}

/** A text that is equal for equal packages only. */
export function packageKey({ ecosystem, name }: PackageName): string {
  return `${ecosystem}\0${name}`;
}

/**
 * The package URL of a package, `pkg:npm/%40scope/name@1.2.3`.
 *
 * @see https://github.com/package-url/purl-spec
 */
export function packageUrl({ ecosystem, name }: PackageName, version?: string): string {
  // npm names are lower-cased by the type's rule, though old packages have capitals: the registry's name wins here.
  const path = name.split('/').map(encodePurl).join('/');
  return `pkg:${ecosystem.toLowerCase()}/${path}${version === undefined ? '' : `@${encodePurl(version)}`}`;
}

/** Percent-encodes all but what the specification leaves plain. */
function encodePurl(text: string): string {
  if (/^[\w.~-]*$/.test(text)) return text;
  return encodeURIComponent(text.replaceAll(/\p{Cs}/gu, '\u{FFFD}'))
    .replaceAll('%3A', ':')
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
