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

/**
 * Whether the name of a setting is only known on the machine that reads it. For what belongs to one registry
 * (`//host/:_authToken`) that is common and does no harm.
 */
export function isOfMachine({ key }: NpmrcSetting): boolean {
  return key.includes('${') && !key.startsWith('//');
}

function parseSetting(text: string, line: number): NpmrcSetting[] {
  if (/^\s*(?:[;#]|$)/.test(text) || /^\[[^\]]*\]\s*$/.test(text)) return [];
  const equals = text.indexOf('=');
  const name = bare(equals === -1 ? text : text.slice(0, equals));
  // `key[]` adds to a list, and npm takes a list with one value for that value.
  const key = name.length > 2 && name.endsWith('[]') ? name.slice(0, -2) : name;
  // npm reads a bare key as true.
  return [{ key, value: equals === -1 ? 'true' : bare(text.slice(equals + 1)), line }];
}

/** A key or a value as npm's own parser reads it: quotes, escapes, and a comment behind it. */
function bare(text: string): string {
  const trimmed = text.trim();
  if (/^(["']).*\1$/s.test(trimmed)) {
    const quoted = trimmed.startsWith("'") ? trimmed.slice(1, -1) : trimmed;
    try {
      const value: unknown = JSON.parse(quoted);
      return typeof value === 'string' ? value : quoted;
    } catch {
      return /^(["'])(.*)\1$/s.exec(trimmed)?.[2] ?? quoted;
    }
  }
  const [plain = ''] = /^(?:\\.|[^\\;#]|\\$)*/s.exec(trimmed) ?? [];
  return plain.replaceAll(/\\([\\;#])/g, '$1').trim();
}
