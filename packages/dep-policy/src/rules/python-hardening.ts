import { posix } from 'node:path';
import type { DependencyGraph } from '../graph/dependency-graph.ts';
import { isObject, listMember, member, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import type { PolicyFile } from '../policy-file/policy-schema.ts';
import { parseJsonDocument } from '../readers/json-document.ts';
import { openLockFile, textOf } from '../readers/lock-file.ts';
import type { LockFile } from '../readers/lock-file.ts';
import { parseToml } from '../readers/toml-document.ts';
import { findRegistryFault } from '../registry.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';
import { checkPipConfiguration } from './pip-configuration.ts';

/** One value that a tool reads. */
interface Setting {
  /** As a path in the file: `tool.uv.index`. */
  readonly key: string;
  readonly kind: 'index' | 'insecure' | 'links' | 'strategy' | 'unverified';
  readonly value: unknown;
}

/** Reads the settings of one file. */
type SettingsOf = (value: JsonObject) => readonly Setting[];

const FILES: readonly (readonly [name: string, settingsOf: SettingsOf])[] = [
  ['uv.toml', (value) => uvSettings(value, '')],
  ['pyproject.toml', projectSettings],
  ['poetry.toml', poetrySettings],
  ['pdm.toml', (value) => pdmSettings(value)],
  ['Pipfile', (value) => sourceSettings(listMember(value, 'source'), 'source')],
  ['Pipfile.lock', (value) => sourceSettings(listMember(table(value, '_meta'), 'sources'), 'sources')],
];

/**
 * Checks the settings of pip, uv, Poetry, PDM and Pipenv beside Python locks and in the folders above them: every index
 * is allowed, TLS certificates are verified, and nothing is looked for elsewhere.
 *
 * @throws {DependencyError} `ERR_DEP_UNREADABLE`, `ERR_DEP_LOCKFILE`, `ERR_DEP_LIMIT`
 */
export async function checkPythonHardening(
  root: string,
  graphs: readonly DependencyGraph[],
  policy: PolicyFile,
): Promise<Violation[]> {
  const folders = new Set(graphs.flatMap(({ file }) => foldersAbove(file)));
  const found: Violation[] = [];
  for (const folder of folders) {
    found.push(...(await checkPipConfiguration(root, folder, policy)));
    for (const [name, settingsOf] of FILES) {
      const file = await openLockFile(root, posix.join(folder, name));
      if (file === undefined) continue;
      for (const setting of settingsOf(parse(file))) {
        const fault = faultOf(setting, policy);
        if (fault !== undefined) {
          found.push(violation(fault.rule, setting.key, file.path, undefined, fault.message));
        }
      }
    }
  }
  return found;
}

/** The folder of a file and all above it. */
function foldersAbove(file: string): string[] {
  const folders: string[] = [];
  for (let folder = posix.dirname(file); ; folder = posix.dirname(folder)) {
    folders.push(folder);
    if (folder === '.') return folders;
  }
}

function parse(file: LockFile): JsonObject {
  if (!file.path.endsWith('.lock')) return parseToml(file).value;
  return parseJsonDocument({ path: file.path, text: textOf(file) }, () => false).value;
}

function faultOf(
  { kind, value }: Setting,
  { registries }: PolicyFile,
): Pick<Violation, 'rule' | 'message'> | undefined {
  switch (kind) {
    case 'index':
      return findRegistryFault(typeof value === 'string' ? value : '', registries.pypi);
    case 'insecure':
      return {
        rule: 'https',
        message: 'expected TLS certificates to be verified, found that they are not',
      };
    case 'links':
      return {
        rule: 'exotic-source',
        message: 'expected packages of an index, found another place to look for them',
      };
    case 'strategy':
      return {
        rule: 'registry',
        message: 'expected the first index that has a package, found that every index may give a version',
      };
    case 'unverified':
      return { rule: 'setting', message: 'expected hashes to be verified, found that they are not' };
  }
}

/** @see https://docs.astral.sh/uv/reference/settings/ */
function uvSettings(value: JsonObject, prefix: string): Setting[] {
  const found: Setting[] = listMember(value, 'index').map((one) => ({
    key: `${prefix}index`,
    kind: 'index',
    value: isObject(one) ? member(one, 'url') : undefined,
  }));
  const pip = table(value, 'pip');
  for (const [owner, path] of [
    [value, prefix],
    [pip, `${prefix}pip.`],
  ] as const) {
    const index = member(owner, 'index-url');
    if (index !== undefined) found.push({ key: `${path}index-url`, kind: 'index', value: index });
    found.push(...each(owner, path, 'extra-index-url', 'index'));
    found.push(...each(owner, path, 'find-links', 'links'));
    found.push(...each(owner, path, 'allow-insecure-host', 'insecure'));
    found.push(...each(owner, path, 'trusted-host', 'insecure'));
    if (textMember(owner, 'index-strategy')?.startsWith('unsafe') === true) {
      found.push({ key: `${path}index-strategy`, kind: 'strategy', value: undefined });
    }
  }
  if (member(pip, 'verify-hashes') === false) {
    found.push({ key: `${prefix}pip.verify-hashes`, kind: 'unverified', value: false });
  }
  return found;
}

function each(owner: JsonObject, path: string, key: string, kind: Setting['kind']): Setting[] {
  return listMember(owner, key).map((value) => ({ key: path + key, kind, value }));
}

function projectSettings(value: JsonObject): Setting[] {
  const tools = table(value, 'tool');
  return [
    ...uvSettings(table(tools, 'uv'), 'tool.uv.'),
    ...sourceSettings(listMember(table(tools, 'poetry'), 'source'), 'tool.poetry.source'),
    ...sourceSettings(listMember(table(tools, 'pdm'), 'source'), 'tool.pdm.source'),
  ];
}

/** Sources of Poetry, PDM and Pipenv: each a URL, and whether its certificate is looked at. */
function sourceSettings(sources: readonly unknown[], key: string): Setting[] {
  return sources.filter(isObject).flatMap((source): Setting[] => {
    const url = member(source, 'url');
    const isPlainPypi = url === undefined && textMember(source, 'name')?.toLowerCase() === 'pypi';
    return [
      ...(textMember(source, 'type') === 'find_links'
        ? [{ key, kind: 'links', value: url } as const]
        : isPlainPypi
          ? []
          : [{ key, kind: 'index', value: url } as const]),
      ...(isFalse(member(source, 'verify_ssl'))
        ? [{ key: `${key}.verify_ssl`, kind: 'insecure', value: false } as const]
        : []),
    ];
  });
}

/** `certificates.<source>.cert = false`. */
function poetrySettings(value: JsonObject): Setting[] {
  return Object.entries(table(value, 'certificates')).flatMap(([name, one]): Setting[] =>
    isObject(one) && isFalse(member(one, 'cert'))
      ? [{ key: `certificates.${name}.cert`, kind: 'insecure', value: false }]
      : [],
  );
}

/** `[pypi]` is the main index, tables in it are further ones. */
function pdmSettings(value: JsonObject): Setting[] {
  const main = table(value, 'pypi');
  return [
    ...(member(main, 'url') === undefined && !isFalse(member(main, 'verify_ssl'))
      ? []
      : sourceSettings([{ name: 'pypi', ...main }], 'pypi')),
    ...Object.entries(main).flatMap(([name, one]) =>
      isObject(one) && member(one, 'url') !== undefined ? sourceSettings([one], `pypi.${name}`) : [],
    ),
  ];
}

/** Some of these tools take the text as well. */
function isFalse(value: unknown): boolean {
  return value === false || (typeof value === 'string' && /^(?:false|0|no|off)$/i.test(value));
}

function table(owner: JsonObject, key: string): JsonObject {
  const value = member(owner, key);
  return isObject(value) ? value : {};
}
