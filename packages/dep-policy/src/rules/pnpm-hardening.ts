import { posix } from 'node:path';
import { readNpmrc } from '../npmrc.ts';
import type { PolicyFile } from '../policy-file/policy-schema.ts';
import { printable } from '../printable.ts';
import { readTextFile } from '../text-file.ts';
import type { TextFile } from '../text-file.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';
import { WORKSPACE_FILE } from '../workspace.ts';
import { parseYaml } from '../yaml-document.ts';
import type { YamlDocument } from '../yaml-document.ts';
import { foldersAbove } from './settings-folder.ts';

const MAX_BYTES = 1024 * 1024;

const MINUTES_PER_DAY = 1440;

/** Settings that pnpm 11 and later read from `pnpm-workspace.yaml` only. */
const WORKSPACE_ONLY = [
  'minimum-release-age',
  'block-exotic-subdeps',
  'strict-dep-builds',
  'trust-policy',
  'only-built-dependencies',
  'allow-builds',
];

/** Settings of `.npmrc` that undo the lock where a pnpm before 11 reads them. */
const LOCK_SETTINGS = ['lockfile', 'verify-store-integrity'];

/**
 * Settings of pnpm for a lock, in the one file that it reads them from.
 *
 * @param folder - Of the lock, relative to the root.
 */
export async function checkPnpmHardening(
  root: string,
  folder: string,
  { cooldown, installScripts }: PolicyFile,
): Promise<Violation[]> {
  const file = await nearestWorkspaceFile(root, folder);
  const path = file?.path ?? posix.join(folder, WORKSPACE_FILE);
  const npmrc = await readNpmrc(root, folder);
  const document: YamlDocument | undefined = file && parseYaml(file, 'ERR_DEP_WORKSPACE');
  const settings: ReadonlyMap<unknown, unknown> = document?.value instanceof Map ? document.value : new Map();
  const report = (key: string, message: string): Violation =>
    violation('setting', key, path, document?.lineOf(key), message);
  const age = settings.get('minimumReleaseAge');
  const found: Violation[] = [];
  const wanted = cooldown.days * MINUTES_PER_DAY;
  if (wanted > 0 && (typeof age !== 'number' || age < wanted)) {
    found.push(
      report(
        'minimumReleaseAge',
        `expected at least ${wanted} minutes, found ${typeof age === 'number' ? age : 'none'}`,
      ),
    );
  }
  // What the built-in default has is a warning only: an explicit value makes pnpm refuse.
  if (settings.get('minimumReleaseAgeStrict') === false) {
    found.push(
      report(
        'minimumReleaseAgeStrict',
        'expected that younger releases are refused, found that they are not',
      ),
    );
  }
  const ignoreAfter = settings.get('trustPolicyIgnoreAfter');
  if (typeof ignoreAfter === 'number' && typeof age === 'number' && ignoreAfter <= age) {
    found.push(
      report(
        'trustPolicyIgnoreAfter',
        `expected more than minimumReleaseAge (${age}), found ${ignoreAfter}: nothing is left to check`,
      ),
    );
  }
  if (settings.get('blockExoticSubdeps') !== true) {
    found.push(report('blockExoticSubdeps', 'expected true, found another value or none'));
  }
  for (const pattern of broadPatterns(settings.get('minimumReleaseAgeExclude'))) {
    found.push(
      report(
        'minimumReleaseAgeExclude',
        `expected names of packages, found ${printable(pattern)}, which excludes those that nobody named`,
      ),
    );
  }
  for (const key of ['strictDepBuilds', 'strictSsl', 'lockfile', 'verifyStoreIntegrity'] as const) {
    if (settings.get(key) === false) found.push(report(key, 'expected true, found false'));
  }
  for (const key of ['dangerouslyAllowAllBuilds', 'ignoreDepScriptsCheck'] as const) {
    if (settings.get(key) === true) found.push(report(key, 'expected false, found true'));
  }
  for (const name of builtPackages(settings)) {
    if (installScripts.includes(name)) continue;
    found.push(
      violation(
        'install-script',
        name,
        path,
        document?.lineOf('allowBuilds', name),
        'expected no script at installation, found one that is allowed and that the policy does not name',
      ),
    );
  }
  return [
    ...found,
    ...npmrc.settings
      .filter(({ key }) => WORKSPACE_ONLY.includes(key))
      .map(({ key, line }) =>
        violation(
          'setting',
          key,
          npmrc.path,
          line,
          `expected it in ${WORKSPACE_FILE}, found it where pnpm does not read it`,
        ),
      ),
    ...npmrc.settings
      .filter(({ key, value }) => LOCK_SETTINGS.includes(key) && value !== 'true')
      .map(({ key, value, line }) =>
        violation('setting', key, npmrc.path, line, `expected true, found ${printable(value)}`),
      ),
  ];
}

/** The file in the folder of the lock, or in the next one above that has it: members can have locks of their own. */
async function nearestWorkspaceFile(root: string, folder: string): Promise<TextFile | undefined> {
  for (const above of foldersAbove(posix.join(folder, WORKSPACE_FILE))) {
    const file = await readTextFile(root, posix.join(above, WORKSPACE_FILE), MAX_BYTES);
    if (file !== undefined) return file;
  }
  return undefined;
}

/** Patterns that begin with a wildcard, in the name or its scope, or that only say what is not excluded. */
function broadPatterns(value: unknown): string[] {
  const patterns = Array.isArray(value) ? (value as unknown[]).map(String) : [];
  return patterns.filter((pattern) => /^(?:!|@?\*)/.test(pattern.trim()));
}

function builtPackages(settings: ReadonlyMap<unknown, unknown>): string[] {
  const allowed = settings.get('allowBuilds');
  const listed = settings.get('onlyBuiltDependencies');
  return [
    ...(allowed instanceof Map
      ? [...(allowed as Map<unknown, unknown>)].flatMap(([name, value]) =>
          value === true ? [String(name)] : [],
        )
      : []),
    ...(Array.isArray(listed) ? (listed as unknown[]).map(String) : []),
  ];
}
