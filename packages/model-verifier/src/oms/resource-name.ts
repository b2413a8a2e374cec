import { sep } from 'node:path';

/** `PATH_MAX` and `NAME_MAX` of common systems. */
const MAX_PATH_BYTES = 4096;
const MAX_COMPONENT_BYTES = 255;

/**
 * What is wrong with a path of a manifest, or `undefined`: it must be relative, `/`-separated, normalised, and stay
 * below the model.
 *
 * @see OpenSSF Model Signing v1.0, section 6.1.2
 */
export function findNameFault(path: string): string | undefined {
  if (/\p{Surrogate}/u.test(path)) return 'is not well-formed Unicode';
  if (path.includes('\0')) return 'has a NUL';
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return 'is too long';
  // What separates folders or names a drive or a stream here is no plain letter.
  if (sep === '\\' && /[\\:]/.test(path)) return 'has a character that is special on Windows';
  for (const component of path.split('/')) {
    if (component === '' || component === '.' || component === '..') return 'is not relative and normalised';
    if (Buffer.byteLength(component) > MAX_COMPONENT_BYTES) return 'has a component that is too long';
  }
  return undefined;
}

/** A shard's name, taken apart. */
export interface ShardName {
  readonly path: string;
  /** First byte. */
  readonly start: number;
  /** First byte no longer in it. */
  readonly end: number;
}

/** Takes `<path>:<start>:<end>` apart; a path may itself have colons. `undefined` if it is nothing of the kind. */
export function parseShardName(name: string): ShardName | undefined {
  const [, path, start, end] = /^(.+):(0|[1-9]\d{0,15}):([1-9]\d{0,15})$/s.exec(name) ?? [];
  if (path === undefined || !Number.isSafeInteger(Number(end))) return undefined;
  return { path, start: Number(start), end: Number(end) };
}
