import { constructFromEvents, CORE_SCHEMA, EVENT_ID, getScalarValue, parseEvents, realMapTag } from 'js-yaml';
import type { Event } from 'js-yaml';
import { DependencyError } from './errors.ts';
import type { DependencyErrorCode } from './errors.ts';
import type { TextFile } from './text-file.ts';

/** Nodes accepted one inside the other in a YAML file. A lock of pnpm has six. */
const MAX_DEPTH = 32;

/** Mappings as `Map`, so that no key (`__proto__`) can reach an object's prototype; no merge keys, no custom tags. */
const SCHEMA = CORE_SCHEMA.withTags(realMapTag);

/** A parsed YAML file. */
export interface YamlDocument {
  /** Mappings are `Map`s, sequences arrays. Undefined for a file with nothing in it. */
  readonly value: unknown;
  /** The line (from 1) of the key at the end of the path, if there is such a key. */
  readonly lineOf: (...path: readonly string[]) => number | undefined;
}

/**
 * Parses one YAML 1.2 document whose author is not trusted. Aliases are refused: package managers write none, and a few
 * of them can expand to any size. So are duplicate keys, unknown tags and a second document.
 *
 * @param code - The code to throw for a file that is not such a document.
 * @throws {DependencyError} that code, with the parser's error as its cause.
 */
export function parseYaml(file: TextFile, code: DependencyErrorCode): YamlDocument {
  let events: Event[];
  let documents: unknown[];
  try {
    events = parseEvents(file.text, { maxDepth: MAX_DEPTH });
    documents = constructFromEvents(events, { source: file.text, schema: SCHEMA, maxAliases: 0 });
  } catch (cause) {
    throw new DependencyError(code, `${file.path}: expected YAML without aliases, found something else`, {
      cause,
    });
  }
  if (documents.length > 1) {
    throw new DependencyError(code, `${file.path}: expected one YAML document, found ${documents.length}`);
  }
  let lines: Map<string, number> | undefined;
  return {
    value: documents[0],
    lineOf: (...path) => (lines ??= indexLines(file.text, events)).get(pathKey(path)),
  };
}

/**
 * Indexes every key by its path from the parser's own events, so that a line is exactly where the value came from. Done
 * at most once per file, and only when there is something to report.
 */
function indexLines(text: string, events: readonly Event[]): Map<string, number> {
  const lines = new Map<string, number>();
  // One frame per open collection; the key is that of the member being read.
  const open: { readonly isMapping: boolean; key: string; expectsKey: boolean }[] = [];
  let line = 1;
  let counted = 0;
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) continue;
    if (event.type === EVENT_ID.POP) {
      open.pop();
      continue;
    }
    const frame = open.at(-1);
    const isKey = frame?.isMapping === true && frame.expectsKey;
    if (frame !== undefined) frame.expectsKey = !isKey;
    if (event.type === EVENT_ID.SCALAR && isKey) {
      frame.key = getScalarValue(text, event);
      for (
        let at = text.indexOf('\n', counted);
        at !== -1 && at < event.valueStart;
        at = text.indexOf('\n', counted)
      ) {
        line += 1;
        counted = at + 1;
      }
      lines.set(pathKey(open.map(({ key }) => key)), line);
    } else if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) {
      open.push({ isMapping: event.type === EVENT_ID.MAPPING, key: '', expectsKey: true });
    }
  }
  return lines;
}

function pathKey(path: readonly string[]): string {
  return JSON.stringify(path);
}
