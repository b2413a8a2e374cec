import { DependencyError } from '../errors.ts';
import { linesOf } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';

/** One instruction of a requirements file, made of one line or of several that continue each other. */
export interface LogicalLine {
  readonly text: string;
  /** The first of its lines. */
  readonly line: number;
  readonly column: number;
}

/** Byte order marks that pip knows, the longer ones first. */
const MARKS: readonly (readonly [bytes: readonly number[], encoding: string])[] = [
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];

/** Where Python's `str.splitlines` ends a line. */
const BREAKS = '[\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029]';
const LINE_BREAK = new RegExp(`\\r\\n|${BREAKS}`);

/** What is white space to Python inside of a line; U+FEFF is none. */
const SPACE = '[\\t\\x1f\\x20\\xa0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000]';
const IS_SPACE = new RegExp(SPACE);
const COMMENT_LINE = new RegExp(`^${SPACE}*#`);

/**
 * Decodes a requirements file as pip does: by its byte order mark, else by a `coding:` comment in the first two lines,
 * else as UTF-8.
 *
 * @throws {DependencyError} `ERR_DEP_UNREADABLE` for bytes that are not in that encoding, or for one that this and
 *   Python might read in different ways.
 */
function decodeRequirements({ path, bytes }: LockFile): string {
  const mark = MARKS.find(([start]) => start.every((byte, index) => bytes[index] === byte));
  const encoding = mark?.[1] ?? namedEncoding(bytes) ?? 'utf-8';
  try {
    // The platform takes Latin-1 for windows-1252, which has no U+0085 to end a line.
    if (LATIN_1.test(encoding)) return Buffer.from(bytes).toString('latin1');
    if (mark === undefined && !SAME_AS_PYTHON.test(encoding)) throw new TypeError('another encoding');
    return new TextDecoder(encoding.replace('_', '-'), { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DependencyError(
      'ERR_DEP_UNREADABLE',
      `${path}: expected text in the encoding that it names, UTF-8 or Latin-1, found others`,
      { cause },
    );
  }
}

const LATIN_1 = /^(?:latin|iso|iso8859|l)[-_]?(?:8859[-_])?1$/i;
const SAME_AS_PYTHON = /^(?:utf[-_]?8|windows-125[0-8])$/i;

function namedEncoding(bytes: Uint8Array): string | undefined {
  const second = bytes.indexOf(0x0a, bytes.indexOf(0x0a) + 1);
  const head = Buffer.from(second === -1 ? bytes : bytes.subarray(0, second)).toString('latin1');
  for (const line of head.split('\n', 2)) {
    const name = line.startsWith('#') ? /coding[:=]\s*([-\w.]+)/.exec(line)?.[1] : undefined;
    if (name !== undefined) return name;
  }
  return undefined;
}

/** Looks at each `#` once: a pattern that begins with white space would look at a long run of it again and again. */
function withoutComment(text: string): string {
  for (let at = text.indexOf('#'); at !== -1; at = text.indexOf('#', at + 1)) {
    if (at === 0 || IS_SPACE.test(text[at - 1]!)) return text.slice(0, at);
  }
  return text;
}

/**
 * Joins lines that end in a backslash, and takes comments away. As in pip, a comment line ends a continuation, and a
 * `#` begins a comment only at the start of a line or after white space, so that fragments of URLs stay.
 */
export function logicalLines(file: LockFile): LogicalLine[] {
  const joined: LogicalLine[] = [];
  let held: { text: string; readonly line: number } | undefined;
  const flush = (): void => {
    if (held === undefined) return;
    const text = withoutComment(held.text);
    const start = searchFrom(text, 0, 1);
    const end = searchFrom(text, text.length - 1, -1) + 1;
    if (start < end) joined.push({ text: text.slice(start, end), line: held.line, column: start + 1 });
    held = undefined;
  };
  for (const [index, line] of linesOf(file.path, decodeRequirements(file), LINE_BREAK).entries()) {
    const isComment = COMMENT_LINE.test(line);
    if (line.endsWith('\\') && !isComment) {
      held = { text: (held?.text ?? '') + line.replaceAll(/^\\+|\\+$/g, ''), line: held?.line ?? index + 1 };
      continue;
    }
    held = { text: (held?.text ?? '') + (isComment ? ` ${line}` : line), line: held?.line ?? index + 1 };
    flush();
  }
  flush();
  return joined;
}

/** The first place, in one direction, that is no white space. */
function searchFrom(text: string, start: number, step: 1 | -1): number {
  let at = start;
  while (at >= 0 && at < text.length && IS_SPACE.test(text[at]!)) at += step;
  return at;
}
