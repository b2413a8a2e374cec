/** The forms of one package name that its files use. */
export interface PackageNames {
  /** Folder and last part of the package name: `output-cache`. */
  readonly name: string;
  /** `OutputCache` */
  readonly className: string;
  /** `OUTPUT_CACHE` */
  readonly constantName: string;
  /** `output cache` */
  readonly words: string;
}

/** Names that say nothing about what is inside; every package here is named after what it does. */
const EMPTY_WORDS = new Set(['common', 'core', 'helpers', 'manager', 'misc', 'shared', 'utils']);

/**
 * Checks the name of a new package and derives its forms.
 *
 * @throws {RangeError} If the name is not kebab-case, is longer than 50 characters or says nothing.
 */
export function parsePackageName(name: string): PackageNames {
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name) || name.length > 50) {
    throw new RangeError(
      `Expected a name in kebab-case of at most 50 characters, like "output-cache", but found "${name}"`,
    );
  }
  const words = name.split('-');
  const empty = words.find((word) => EMPTY_WORDS.has(word));
  if (empty !== undefined) {
    throw new RangeError(
      `Expected a name that says what the package does, but found "${empty}" in "${name}"`,
    );
  }
  return {
    name,
    className: words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(''),
    constantName: words.join('_').toUpperCase(),
    words: words.join(' '),
  };
}
