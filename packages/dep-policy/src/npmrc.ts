import { readTextFile } from './text-file.ts';

/** Bytes accepted in one `.npmrc`. */
const MAX_NPMRC_BYTES = 256 * 1024;

/** One setting of an `.npmrc`. */
export interface NpmrcSetting {
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** An `.npmrc` of the project. */
export interface Npmrc {
  /** Its path relative to the root, `/`-separated. */
  readonly path: string;
  readonly settings: readonly NpmrcSetting[];
}

/**
 * Reads the `.npmrc` of a folder; without one it has no settings. Section headers are passed over and the settings
 * below them kept, and `${VARIABLE}` stays as it is: a registry that depends on the machine is not the one registry.
 *
 * @throws {DependencyError} `ERR_DEP_UNREADABLE`, `ERR_DEP_LIMIT`
 */
export async function readNpmrc(root: string, folder: string): Promise<Npmrc> {
  const path = folder === '.' ? '.npmrc' : `${folder}/.npmrc`;
  const file = await readTextFile(root, path, MAX_NPMRC_BYTES);
  const settings = (file?.text ?? '')
    .split(/\r\n|\r|\n/)
    .flatMap((line, index) => parseSetting(line, index + 1));
  return { path, settings };
}

function parseSetting(text: string, line: number): NpmrcSetting[] {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.startsWith(';') || trimmed.startsWith('#') || trimmed.startsWith('['))
    return [];
  const equals = trimmed.indexOf('=');
  // npm reads a bare key as true.
  if (equals === -1) return [{ key: unquote(trimmed), value: 'true', line }];
  return [
    { key: unquote(trimmed.slice(0, equals).trim()), value: unquote(trimmed.slice(equals + 1).trim()), line },
  ];
}

function unquote(text: string): string {
  return /^(["'])(.*)\1$/s.exec(text)?.[2] ?? text;
}
