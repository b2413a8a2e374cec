import { posix } from 'node:path';
import { readNpmrc } from '../npmrc.ts';
import type { PolicyFile } from '../policy-file/policy-schema.ts';
import { yarnWords } from '../readers/yarn-classic.ts';
import { findRegistryFault, yarnRegistries } from '../registry.ts';
import { readTextFile } from '../text-file.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';
import { parseYaml } from '../yaml-document.ts';
import { checkNpmrcSources } from './npmrc-sources.ts';
import type { AllowedRegistries } from './npmrc-sources.ts';

const MAX_BYTES = 1024 * 1024;

const NO_CERTIFICATES = 'expected TLS certificates to be verified, found that they are not';

function allowedBy({ registries }: PolicyFile): AllowedRegistries {
  return { main: yarnRegistries(registries.npm.slice(0, 1)), all: yarnRegistries(registries.npm) };
}

/** Settings of Yarn 1 in a folder: its `.yarnrc`, and the `.npmrc` that it reads too. */
export async function checkYarnClassic(
  root: string,
  folder: string,
  policy: PolicyFile,
): Promise<Violation[]> {
  const allowed = allowedBy(policy);
  const path = posix.join(folder, '.yarnrc');
  const file = await readTextFile(root, path, MAX_BYTES);
  const found = (file?.text ?? '').split(/\r\n|\r|\n/).flatMap((text, index) => {
    if (/^\s*(?:#|$)/.test(text)) return [];
    const words = (yarnWords(text.trim()) ?? []).filter((word) => word !== ',');
    const value = words.pop();
    const report = (rule: Violation['rule'], key: string, message: string): Violation =>
      violation(rule, key, path, index + 1, message);
    if (value === undefined || words.length === 0)
      return [report('setting', '.yarnrc', 'expected a setting of Yarn 1, found another line')];
    return words.flatMap((word) => {
      // `--install.registry` is the flag of one command.
      const key = word.replace(/^--(?:[^.]*\.)?/, '');
      if (key === 'registry' || key.endsWith(':registry')) {
        const fault = findRegistryFault(value, key === 'registry' ? allowed.main : allowed.all);
        return fault === undefined ? [] : [report(fault.rule, key, fault.message)];
      }
      if ((key === 'strict-ssl' && value !== 'true') || (key === 'no-strict-ssl' && value !== 'false'))
        return [report('https', key, NO_CERTIFICATES)];
      if ((key === 'no-lockfile' && value !== 'false') || (key === 'lockfile' && value !== 'true'))
        return [report('setting', key, 'expected a lock, found that Yarn reads none')];
      if (key === 'update-checksums' && value !== 'false')
        return [report('setting', key, 'expected hashes to be compared, found that they are replaced')];
      return [];
    });
  });
  return [...found, ...checkNpmrcSources(await readNpmrc(root, folder), allowed)];
}

/** Settings of Yarn 2 and later in a folder: `.yarnrc.yml`. */
export async function checkYarnBerry(root: string, folder: string, policy: PolicyFile): Promise<Violation[]> {
  const path = posix.join(folder, '.yarnrc.yml');
  const file = await readTextFile(root, path, MAX_BYTES);
  if (file === undefined) return [];
  const { value, lineOf } = parseYaml(file, 'ERR_DEP_WORKSPACE');
  const settings: ReadonlyMap<unknown, unknown> = value instanceof Map ? value : new Map();
  const { main, all } = allowedBy(policy);
  const found: Violation[] = [];
  const expect = (rule: Violation['rule'], key: string, wanted: string, message: string): void => {
    const written = settings.get(key);
    if (written !== undefined && scalar(written) !== wanted)
      found.push(violation(rule, key, path, lineOf(key), message));
  };
  const expectRegistry = (server: unknown, allowed: readonly string[], ...place: readonly string[]): void => {
    if (server === undefined) return;
    const fault = findRegistryFault(scalar(server), allowed);
    if (fault !== undefined)
      found.push(violation(fault.rule, place.join('.'), path, lineOf(...place), fault.message));
  };
  expect('https', 'enableStrictSsl', 'true', NO_CERTIFICATES);
  expect(
    'setting',
    'checksumBehavior',
    'throw',
    'expected throw, found another value: hashes are not compared',
  );
  expect('setting', 'defaultProtocol', 'npm:', 'expected npm:, found another source for what names none');
  expect(
    'setting',
    'lockfileFilename',
    'yarn.lock',
    'expected yarn.lock, found a lock that is not looked at',
  );
  expectRegistry(settings.get('npmRegistryServer'), main, 'npmRegistryServer');
  const scopes = settings.get('npmScopes');
  for (const [scope, own] of scopes instanceof Map ? (scopes as ReadonlyMap<unknown, unknown>) : [])
    if (own instanceof Map)
      expectRegistry(own.get('npmRegistryServer'), all, 'npmScopes', String(scope), 'npmRegistryServer');
  const hosts = settings.get('unsafeHttpWhitelist');
  if (hosts !== undefined && !(Array.isArray(hosts) && hosts.length === 0)) {
    const message = 'expected https everywhere, found hosts that are excused';
    found.push(violation('https', 'unsafeHttpWhitelist', path, lineOf('unsafeHttpWhitelist'), message));
  }
  return found;
}

/** Yarn takes every scalar for a text first. */
function scalar(value: unknown): string {
  return typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number'
    ? String(value)
    : '';
}
