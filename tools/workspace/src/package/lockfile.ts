/**
 * Names a project without dependencies in the text of a pnpm-lock.yaml. `pnpm install` sees nothing to do for such a
 * project and leaves the lock as it is, and a lock that does not know every project fails the dependency policy.
 *
 * @param folder - The project's folder, relative to the root.
 * @returns The lock with the importer in its alphabetical place, or as it was where the lock knows the project.
 */
export function addImporter(lock: string, folder: string): string {
  const lines = lock.split('\n');
  const start = lines.indexOf('importers:');
  if (start < 0) throw new RangeError('Expected importers in pnpm-lock.yaml, but found none');
  const length = lines.slice(start + 1).findIndex((line) => /^\S/.test(line));
  const end = length < 0 ? lines.length : start + 1 + length;
  for (let at = start + 1; at < end; at += 1) {
    const name = /^ {2}([^\s:]+):/.exec(lines[at]!)?.[1];
    if (name === folder) return lock;
    if (name !== undefined && name > folder) return insert(lines, at, folder);
  }
  return insert(lines, end, folder);
}

function insert(lines: readonly string[], at: number, folder: string): string {
  return [...lines.slice(0, at), `  ${folder}: {}`, '', ...lines.slice(at)].join('\n');
}
