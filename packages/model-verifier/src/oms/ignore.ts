/** Left out at the top of every model, and only there. */
export const GIT_PATHS = ['.git', '.gitattributes', '.github', '.gitignore'] as const;

/**
 * Makes a test for paths that a list leaves out: exactly these, and all below them. No globs.
 *
 * @param entries - Relative to the model. One that is no such path leaves nothing out.
 * @see OpenSSF Model Signing v1.0, section 6.2.1
 */
export function ignoring(entries: Iterable<string>): (path: string) => boolean {
  const ignored = new Set(Array.from(entries, (entry) => entry.replace(/\/$/, '')));
  // No path is empty, but the folder of a path at the top is.
  ignored.delete('');
  return (path) => {
    if (ignored.has(path)) return true;
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      if (ignored.has(path.slice(0, slash))) return true;
    }
    return false;
  };
}
