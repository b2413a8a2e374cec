import { ModelError } from '../errors.ts';

/** Bytes in one path of a lock: below `PATH_MAX` of every common system with room for the root. */
const MAX_PATH_BYTES = 1024;
/** Bytes in one component: `NAME_MAX` of common file systems. */
const MAX_COMPONENT_BYTES = 255;
const MAX_COMPONENTS = 16;

/** Control characters, the Windows separator, and `:` (drive letters, alternate data streams). */
// eslint-disable-next-line no-control-regex -- control characters are what it refuses
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\\:]/u;

/**
 * Checks a path of a lock: relative, `/`-separated, already normalised, one spelling per file.
 *
 * The rules are those of OpenSSF Model Signing v1.0 for resource names, and a little stricter: no backslash, no
 * colon, Unicode NFC.
 *
 * @param where - Where in the lock the path stands, for the message.
 * @throws {ModelError} `ERR_MODEL_PATH`
 */
export function checkLockPath(path: string, where: string): void {
  const fault = findFault(path);
  if (fault !== undefined) throw new ModelError('ERR_MODEL_PATH', `${where}: expected ${fault}`);
}

/** What the path should have been, or `undefined` if it is sound. */
function findFault(path: string): string | undefined {
  if (/\p{Surrogate}/u.test(path) || path !== path.normalize('NFC')) return 'well-formed Unicode in NFC';
  if (FORBIDDEN.test(path)) return 'no control character, backslash or colon';
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `at most ${MAX_PATH_BYTES} bytes`;
  const components = path.split('/');
  if (components.length > MAX_COMPONENTS) return `at most ${MAX_COMPONENTS} components`;
  for (const component of components) {
    if (component === '' || component === '.' || component === '..') {
      return 'a relative path without empty, "." or ".." components';
    }
    if (Buffer.byteLength(component) > MAX_COMPONENT_BYTES)
      return `components of at most ${MAX_COMPONENT_BYTES} bytes`;
    // Windows drops these, so two names would open one file.
    if (component.endsWith('.') || component.endsWith(' '))
      return 'components that end in neither a dot nor a space';
  }
  return undefined;
}

/** The folder that a path's first component names: the model's own folder. */
export function firstComponent(path: string): string {
  return path.slice(0, Math.max(path.indexOf('/'), 0));
}

/** The folder part of a path with its final slash; empty for a bare file name. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** One spelling for paths that a case-insensitive file system would take for one file. */
export function caseTwinKey(path: string): string {
  return path.toLowerCase().normalize('NFC');
}
