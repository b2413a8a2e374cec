import { DependencyError } from '../errors.ts';
import { isObject } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import { LineIndex } from './line-index.ts';

/** Nodes accepted one inside the other. A lock of npm 6 nests two per folder of `node_modules`. */
const MAX_DEPTH = 128;

/** A parsed JSON file whose top level is an object. */
export interface JsonDocument {
  readonly value: JsonObject;
  /** Line and column, from 1, of a key in a tracked object; of the start of the file for any other. */
  positionOf(...path: readonly string[]): { readonly line: number; readonly column: number };
}

/** A text and the path of its author, for messages. */
export interface JsonText {
  readonly path: string;
  readonly text: string;
}

/**
 * Parses JSON whose author is not trusted, and finds the places of keys.
 *
 * @param isTracked - Whether the keys of the object at a path matter. There a key that comes twice is refused: parsers
 *   disagree on which one counts, so that one could be shown and another installed. Asked only for objects directly
 *   inside the top level or inside a tracked object.
 * @throws {DependencyError} `ERR_DEP_LOCKFILE` for text that is no JSON object, or with a repeated key; `ERR_DEP_LIMIT`
 *   for more than 128 levels.
 */
export function parseJsonDocument(
  { path, text }: JsonText,
  isTracked: (path: readonly string[]) => boolean,
): JsonDocument {
  const offsets = findKeys({ path, text }, isTracked);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DependencyError('ERR_DEP_LOCKFILE', `${path}: expected JSON, found something else`, { cause });
  }
  if (!isObject(value)) {
    throw new DependencyError('ERR_DEP_LOCKFILE', `${path}: expected a JSON object, found another value`);
  }
  const lines = new LineIndex(text);
  return { value, positionOf: (...keys) => lines.at(offsets.get(pathText(keys)) ?? 0) };
}

interface Frame {
  /** The path of the object if its keys matter. */
  readonly path: readonly string[] | undefined;
  key: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** One pass over the text, which need not be valid: whether it is, the parser says afterwards. */
function findKeys(
  { path: file, text }: JsonText,
  isTracked: (path: readonly string[]) => boolean,
): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>();
  const open: Frame[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    // Most characters are white space, commas and digits.
    if (code < QUOTE || (code > QUOTE && code < OPEN_ARRAY)) continue;
    const frame = open.at(-1);
    if (code === QUOTE) {
      const end = stringEnd(text, at + 1);
      if (frame?.path !== undefined && isKey(text, end + 1)) {
        frame.key = decodeKey(text.slice(at, end + 1));
        const key = pathText([...frame.path, frame.key]);
        if (offsets.has(key)) {
          const { line } = new LineIndex(text).at(at);
          throw new DependencyError(
            'ERR_DEP_LOCKFILE',
            `${file}:${line}: expected every key of an object once, found one twice`,
          );
        }
        offsets.set(key, at);
      }
      at = end;
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      if (open.length >= MAX_DEPTH) {
        throw new DependencyError(
          'ERR_DEP_LIMIT',
          `${file}: expected at most ${MAX_DEPTH} levels, found more`,
        );
      }
      open.push({ path: trackedPath(frame, code, isTracked), key: '' });
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) open.pop();
  }
  return offsets;
}

function trackedPath(
  parent: Frame | undefined,
  code: number,
  isTracked: (path: readonly string[]) => boolean,
): readonly string[] | undefined {
  if (code !== OPEN_OBJECT) return undefined;
  if (parent === undefined) return [];
  if (parent.path === undefined) return undefined;
  const path = [...parent.path, parent.key];
  return isTracked(path) ? path : undefined;
}

/** The offset of the quote that ends a string, or the end of the text. */
function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH && end - slashes > start) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}

function isKey(text: string, after: number): boolean {
  let at = after;
  while (at < text.length && text.charCodeAt(at) <= 32) at += 1;
  return text.charCodeAt(at) === COLON;
}

/** A key as the parser will read it: escapes must not make one key two. */
function decodeKey(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted;
  }
}

function pathText(path: readonly string[]): string {
  return path.join('\0');
}
