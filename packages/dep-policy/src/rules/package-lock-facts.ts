import { isObject, member, textMember } from '../json-value.ts';
import { printable } from '../printable.ts';
import type { LockFile } from '../readers/lock-file.ts';
import { parsePackageLock } from '../readers/package-lock.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';

/** Checks which packages of a `package-lock.json` run a script when installed, and under which licence they are. */
export function checkPackageLock(
  file: LockFile,
  {
    installScripts,
    licences,
  }: { readonly installScripts: readonly string[]; readonly licences?: readonly string[] | undefined },
): Violation[] {
  const document = parsePackageLock(file);
  const packages = member(document.value, 'packages');
  const violations: Violation[] = [];
  for (const [path, entry] of Object.entries(isObject(packages) ? packages : {})) {
    const at = path.lastIndexOf('node_modules/');
    if (!isObject(entry) || at === -1) continue;
    const name = textMember(entry, 'name') ?? path.slice(at + 'node_modules/'.length);
    const { line } = document.positionOf('packages', path);
    if (member(entry, 'hasInstallScript') === true && !installScripts.includes(name)) {
      violations.push(
        violation(
          'install-script',
          name,
          file.path,
          line,
          'expected no script at installation, found one that the policy does not name',
        ),
      );
    }
    const licence = textMember(entry, 'license');
    if (licences !== undefined && (licence === undefined || !isAllowedLicence(licence, licences))) {
      violations.push(
        violation(
          'licence',
          name,
          file.path,
          line,
          `expected a licence that the policy names, found ${licence === undefined ? 'none' : printable(licence)}`,
        ),
      );
    }
  }
  return violations;
}

/** Characters of an expression that is taken apart. */
const MAX_LICENCE = 1000;

/** `(MIT OR Apache-2.0)`: one of an OR, all of an AND. */
function isAllowedLicence(expression: string, allowed: readonly string[]): boolean {
  const plain = expression.trim().replace(/^\((.*)\)$/s, '$1');
  if (allowed.includes(plain) || allowed.includes(expression)) return true;
  // Deeper nesting is left to a person, and so is what takes long to split.
  if (plain.length > MAX_LICENCE || /[()]/.test(plain)) return false;
  return plain
    .split(/\s+OR\s+/)
    .some((choice) => choice.split(/\s+AND\s+/).every((id) => allowed.includes(id.trim())));
}
