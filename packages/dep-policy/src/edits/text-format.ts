import { isDeepStrictEqual } from 'node:util';
import { parse } from 'smol-toml';
import { isObject } from '../json-value.ts';
import { parseYaml } from '../yaml-document.ts';

/** How a value is reached: keys of objects and mappings, indexes of lists. */
export type ValuePath = readonly (string | number)[];

/** A format of text in which one value is changed, and everything else stays as it was written. */
export interface TextFormat {
  /** @throws if it is not of the format. */
  parse(text: string): unknown;
  /** What may stand around a text. */
  readonly quotes: readonly string[];
}

export const JSON_TEXT: TextFormat = { parse: (text) => JSON.parse(text) as unknown, quotes: ['"'] };

export const TOML_TEXT: TextFormat = { parse: (text) => parse(text, { maxDepth: 32 }), quotes: ['"', "'"] };

export const YAML_TEXT: TextFormat = {
  parse: (text) => parseYaml({ path: 'edit', text, bytes: new Uint8Array() }, 'ERR_DEP_WORKSPACE').value,
  quotes: ["'", '"', ''],
};

/** Places that are tried: a text that stands in a manifest more often is left to a person. */
const MAX_PLACES = 500;

/**
 * Changes one text of a document where it stands, with comments and white space around it as they were. Each place where
 * the old text stands is tried; what counts is that the document then says exactly what it said, but for this value.
 *
 * @returns undefined if no place does that.
 */
export function changeText(
  format: TextFormat,
  text: string,
  path: ValuePath,
  from: string,
  to: string,
): string | undefined {
  const isWanted = isOnlyChange(format, text, path, to);
  for (const quote of format.quotes) {
    const [old, next] = [quote + from + quote, quote + to + quote];
    let places = 0;
    for (let at = text.indexOf(old); at !== -1 && places < MAX_PLACES; at = text.indexOf(old, at + 1)) {
      places += 1;
      const edited = text.slice(0, at) + next + text.slice(at + old.length);
      if (isWanted(edited)) return edited;
    }
  }
  return undefined;
}

/** Tells whether an edited text says what the text said, with one value set. */
export function isOnlyChange(
  format: TextFormat,
  text: string,
  path: ValuePath,
  value: unknown,
): (edited: string) => boolean {
  const wanted = withValue(parsed(format, text), path, value);
  return (edited) => {
    const found = parsed(format, edited);
    return found !== undefined && isDeepStrictEqual(found, wanted);
  };
}

function parsed(format: TextFormat, text: string): unknown {
  try {
    return withMaps(format.parse(text));
  } catch {
    return undefined;
  }
}

/** Objects as `Map`s: equal whatever the order of their keys, and of whatever prototype their parser made them. */
function withMaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMaps);
  if (value instanceof Date) return value;
  const entries = value instanceof Map ? [...value] : isObject(value) ? Object.entries(value) : undefined;
  return entries === undefined ? value : new Map(entries.map(([key, inner]) => [key, withMaps(inner)]));
}

/** The document with a value set; what leads there is made where it is missing. The given one is changed. */
function withValue(document: unknown, [key, ...rest]: ValuePath, value: unknown): unknown {
  if (key === undefined) return withMaps(value);
  if (Array.isArray(document)) {
    document[Number(key)] = withValue(document[Number(key)], rest, value);
    return document;
  }
  const map = document instanceof Map ? document : new Map<unknown, unknown>();
  return map.set(key, withValue(map.get(key), rest, value));
}
