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
  const found = findKeys({ path, text }, isTracked);
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
  return {
    value,
    positionOf: (...path) => {
      const keys = found.get(pathText(path.slice(0, -1)));
      return lines.at(keys?.get(path.at(-1) ?? '') ?? 0);
    },
  };
}

/** Offsets of the keys of an object. */
type Keys = Map<string, number>;

interface Frame {
  /** The path of the object if its keys matter, and the keys found in it. */
  readonly tracked: { readonly path: readonly string[]; readonly keys: Keys } | undefined;
  key: string;
}

const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** One pass over the text, which need not be valid: whether it is, the parser says afterwards. */
function findKeys(
  { path: file, text }: JsonText,
  isTracked: (path: readonly string[]) => boolean,
): ReadonlyMap<string, Keys> {
  const found = new Map<string, Keys>();
  const open: Frame[] = [];
  const sign = /["{}[\]]/g;
  while (sign.test(text)) {
    const at = sign.lastIndex - 1;
    const character = text[at];
    if (character === '"') {
      const end = stringEnd(text, at + 1);
      sign.lastIndex = end + 1;
      const frame = open.at(-1);
      if (frame?.tracked === undefined || !isKey(text, end + 1)) continue;
      frame.key = decodeKey(text.slice(at, end + 1));
      const { keys } = frame.tracked;
      if (keys.has(frame.key)) {
        const { line } = new LineIndex(text).at(at);
        throw new DependencyError(
          'ERR_DEP_LOCKFILE',
          `${file}:${line}: expected every key of an object once, found one twice`,
        );
      }
      keys.set(frame.key, at);
    } else if (character === '{' || character === '[') {
      if (open.length >= MAX_DEPTH) {
        throw new DependencyError(
          'ERR_DEP_LIMIT',
          `${file}: expected at most ${MAX_DEPTH} levels, found more`,
        );
      }
      const path = trackedPath(open.at(-1), character, isTracked);
      let tracked: Frame['tracked'];
      if (path !== undefined) {
        const text = pathText(path);
        let keys = found.get(text);
        if (keys === undefined) {
          keys = new Map();
          found.set(text, keys);
        }
        tracked = { path, keys };
      }
      open.push({ tracked, key: '' });
    } else open.pop();
  }
  return found;
}

function trackedPath(
  parent: Frame | undefined,
  character: string,
  isTracked: (path: readonly string[]) => boolean,
): readonly string[] | undefined {
  if (character !== '{') return undefined;
  if (parent === undefined) return [];
  if (parent.tracked === undefined) return undefined;
  const path = [...parent.tracked.path, parent.key];
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
