import type { NpmrcSetting } from '../npmrc.ts';
import type { PolicyFile } from '../policy-file/policy-schema.ts';
import { readTextFile } from '../text-file.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';
import { WORKSPACE_FILE } from '../workspace.ts';
import { parseYaml } from '../yaml-document.ts';
import type { YamlDocument } from '../yaml-document.ts';

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

/** Settings of pnpm, in the one file that it reads them from. */
export async function checkPnpmHardening(
  root: string,
  npmrc: readonly NpmrcSetting[],
  { cooldown, installScripts }: PolicyFile,
): Promise<Violation[]> {
  const file = await readTextFile(root, WORKSPACE_FILE, MAX_BYTES);
  const document: YamlDocument | undefined = file && parseYaml(file, 'ERR_DEP_WORKSPACE');
  const settings: ReadonlyMap<unknown, unknown> = document?.value instanceof Map ? document.value : new Map();
  const report = (key: string, message: string): Violation =>
    violation('setting', key, WORKSPACE_FILE, document?.lineOf(key), message);
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
  for (const key of ['strictDepBuilds', 'strictSsl'] as const) {
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
        WORKSPACE_FILE,
        document?.lineOf('allowBuilds', name),
        'expected no script at installation, found one that is allowed and that the policy does not name',
      ),
    );
  }
  return [
    ...found,
    ...npmrc
      .filter(({ key }) => WORKSPACE_ONLY.includes(key))
      .map(({ key, line }) =>
        violation(
          'setting',
          key,
          '.npmrc',
          line,
          `expected it in ${WORKSPACE_FILE}, found it where pnpm does not read it`,
        ),
      ),
  ];
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
