/** Longest version accepted, in characters; the same bound as npm's. */
const MAX_VERSION_LENGTH = 256;

/** The regular expression that the specification suggests, without groups. @see SemVer 2.0.0, frequently asked questions */
const EXACT_VERSION =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$/;

/**
 * Whether a text is one version and nothing else: all three numbers, no operator, no `v`, no wildcard.
 *
 * @see SemVer 2.0.0
 */
export function isExactVersion(text: string): boolean {
  return text.length <= MAX_VERSION_LENGTH && EXACT_VERSION.test(text);
}
