import { parse } from 'smol-toml';
import { isObject } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import { linesOf, malformed, textOf } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';

/** Values accepted one inside the other. A lock has four. */
const MAX_DEPTH = 32;

/** Headers of tables (`[a.b]`) accepted with more parts than this are refused: the parser makes a table of each. */
const MAX_HEADER_PARTS = 32;

/** A parsed TOML file. */
export interface TomlDocument {
  readonly value: JsonObject;
  /** The line, from 1, of the header of one table in an array of tables; 1 if it is written in another way. */
  lineOf(name: string, index: number): number;
}

/**
 * Parses TOML whose author is not trusted.
 *
 * @throws {DependencyError} `ERR_DEP_LOCKFILE` for text that is no TOML, `ERR_DEP_LIMIT` for lines over 1 MiB.
 */
export function parseToml(file: LockFile): TomlDocument {
  const text = textOf(file);
  const lines = linesOf(file.path, text);
  if (
    lines.some(
      (line) =>
        line.split('.', MAX_HEADER_PARTS + 1).length > MAX_HEADER_PARTS &&
        /^\s*\[|^[^"'#]*=/.test(line) &&
        isDeepKey(line),
    )
  ) {
    throw malformed(file.path, `expected keys of at most ${MAX_HEADER_PARTS} parts, found a longer one`);
  }
  let value: unknown;
  try {
    value = parse(text, { maxDepth: MAX_DEPTH });
  } catch (cause) {
    throw malformed(file.path, 'expected TOML, found something else', cause);
  }
  if (!isObject(value)) throw malformed(file.path, 'expected a TOML document, found another value');
  const headers = new Map<string, number[]>();
  return {
    value,
    lineOf: (name, index) => {
      let found = headers.get(name);
      if (found === undefined) {
        found = headerLines(lines, name);
        headers.set(name, found);
      }
      // Another number of headers than tables: some are written in a way that is not looked for.
      const tables = value[name];
      return Array.isArray(tables) && tables.length === found.length ? (found[index] ?? 1) : 1;
    },
  };
}

/** Whether the parts of a header or of a key, outside of its value, are more than is accepted. */
function isDeepKey(line: string): boolean {
  const key = /^\s*\[/.test(line) ? line : line.slice(0, line.indexOf('='));
  return key.replaceAll(/"(?:[^"\\]|\\.)*"?|'[^']*'?/g, 'k').split('.').length > MAX_HEADER_PARTS;
}

/** Lines of `[[name]]`, outside of texts that go over several lines. */
function headerLines(lines: readonly string[], name: string): number[] {
  const header = new RegExp(`^\\s*\\[\\[\\s*${name}\\s*\\]\\]\\s*(?:#.*)?$`);
  const found: number[] = [];
  let quote: string | undefined;
  for (const [index, line] of lines.entries()) {
    if (quote === undefined && header.test(line)) found.push(index + 1);
    for (const [mark] of line.matchAll(/"""|'''/g)) {
      if (quote === undefined) quote = mark;
      else if (quote === mark) quote = undefined;
    }
  }
  return found;
}
