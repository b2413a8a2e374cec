import { normalizeName } from '../ecosystem.ts';
import { printable } from '../printable.ts';
import { parseRegistry } from '../registry.ts';
import type { LockFile } from '../readers/lock-file.ts';
import { pinnedVersion } from '../readers/python-requirement.ts';
import { constrained, parseRequirements } from '../readers/requirements.ts';
import type { Requirement, RequirementsFile, RequirementsOption } from '../readers/requirements.ts';
import { allowsPep440 } from '../versions/pep440-specifier.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';
import type { MustPin } from './npm-manifests.ts';

/**
 * Checks a requirements file as what it is, manifest and lock in one: every requirement is one exact version of an
 * index, its options name allowed indexes only, and it has what the `.in` file beside it asks for. Whether everything
 * that those packages need is in the file it cannot say: `--require-hashes` makes pip refuse if it is not.
 */
export async function checkRequirements(
  lock: LockFile,
  indexes: readonly string[],
  mustPin: MustPin,
): Promise<Violation[]> {
  const file = await parseRequirements(lock);
  return [
    ...file.requirements.flatMap((requirement) => checkRequirement(requirement, file, mustPin)),
    ...file.constraints.flatMap(checkConstraint),
    ...file.options.flatMap((option) => checkOption(option, indexes)),
    ...file.unread.map(({ file: path, line }) =>
      violation(
        'lock-incomplete',
        'include',
        path,
        line,
        'expected a file of the project, found another include',
      ),
    ),
    ...checkDuplicates(file.requirements),
    ...(await checkSource(lock, file)),
  ];
}

function checkRequirement(
  written: Requirement,
  { constraints }: RequirementsFile,
  mustPin: MustPin,
): Violation[] {
  const subject = written.name ?? 'requirement';
  const { file, line } = written.position;
  if (written.url !== undefined || written.isEditable) {
    return [
      violation('exotic-source', subject, file, line, 'expected a version of an index, found another source'),
    ];
  }
  const { pin, specifier } = constrained(written, constraints);
  if (pin !== undefined || !mustPin(normalizeName('PyPI', subject))) return [];
  return [
    violation(
      'exact-pin',
      subject,
      file,
      line,
      `expected ==<version>, found ${specifier === '' ? 'no version' : `"${printable(specifier)}"`}`,
    ),
  ];
}

/** A constraint that is a URL takes the place of the index, whoever needs the package. */
function checkConstraint({ name, url, position }: Requirement): Violation[] {
  return url === undefined
    ? []
    : [
        violation(
          'exotic-source',
          name ?? 'constraint',
          position.file,
          position.line,
          'expected a constraint on the version, found another source',
        ),
      ];
}

/** Options that decide where packages come from. Their values are not shown: they may carry credentials. */
function checkOption({ name, value, position }: RequirementsOption, indexes: readonly string[]): Violation[] {
  const { file, line } = position;
  const report = (rule: Violation['rule'], message: string): Violation[] => [
    violation(rule, name, file, line, message),
  ];
  switch (name) {
    case '--index-url': {
      const parsed = parseRegistry(value ?? '');
      if (!('url' in parsed)) return report(parsed.rule, parsed.message);
      return indexes.includes(parsed.url)
        ? []
        : report('registry', `expected ${indexes.join(' or ')}, found another index`);
    }
    case '--extra-index-url':
      return report(
        'registry',
        'expected one index, found a second: whoever has the higher version there wins',
      );
    case '--trusted-host':
      return report(
        'https',
        'expected TLS certificates to be verified, found a host that is trusted without',
      );
    case '--find-links':
      return report('exotic-source', 'expected packages of an index, found another place to look for them');
    case '--pre':
    case '--all-releases':
      return report('exact-pin', 'expected releases, found that pre-releases are taken too');
    default:
      return [];
  }
}

function checkDuplicates(requirements: readonly Requirement[]): Violation[] {
  const seen = new Map<string, Requirement>();
  return requirements.flatMap((requirement) => {
    if (requirement.name === undefined) return [];
    const key = `${normalizeName('PyPI', requirement.name)} ${requirement.marker ?? ''}`;
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, requirement);
      return [];
    }
    if (first.specifier === requirement.specifier) return [];
    const { file, line } = requirement.position;
    return [
      violation(
        'lock-mismatch',
        requirement.name,
        file,
        line,
        'expected a package once, found it twice with different versions',
      ),
    ];
  });
}

/** `requirements.in` beside `requirements.txt` is what was asked for. */
async function checkSource(lock: LockFile, file: RequirementsFile): Promise<Violation[]> {
  const name = lock.path.slice(lock.path.lastIndexOf('/') + 1);
  if (!name.endsWith('.txt')) return [];
  const source = await lock.beside(name.replace(/\.txt$/, '.in'));
  if (source === undefined) return [];
  const wanted = await parseRequirements(source);
  return wanted.requirements.flatMap((one) => {
    if (one.name === undefined) return [];
    const locked = file.requirements.filter(
      (other) =>
        other.name !== undefined && normalizeName('PyPI', other.name) === normalizeName('PyPI', one.name!),
    );
    const fault = stepFault(
      one.specifier,
      locked.map(({ specifier }) => pinnedVersion(specifier)),
    );
    return fault === undefined
      ? []
      : [violation('lock-mismatch', one.name, one.position.file, one.position.line, fault)];
  });
}

function stepFault(specifier: string, versions: readonly (string | undefined)[]): string | undefined {
  if (versions.length === 0) return 'expected it in the lock, found that it is not there';
  const known = versions.filter((version) => version !== undefined);
  if (known.length === 0 || known.some((version) => allowsPep440(specifier, version) !== false))
    return undefined;
  return `expected a locked version in "${printable(specifier)}", found ${printable(known.join(', '))}`;
}
