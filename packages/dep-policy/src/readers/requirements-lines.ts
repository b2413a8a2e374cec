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

/**
 * Decodes a requirements file as pip does: by its byte order mark, else by a `coding:` comment in the first two lines,
 * else as UTF-8.
 *
 * @throws {DependencyError} `ERR_DEP_UNREADABLE` for bytes that are not in that encoding, or an unknown one.
 */
function decodeRequirements({ path, bytes }: LockFile): string {
  const mark = MARKS.find(([start]) => start.every((byte, index) => bytes[index] === byte));
  let encoding = mark?.[1];
  if (encoding === undefined) {
    const head = Buffer.from(bytes.subarray(0, 1024)).toString('latin1').split('\n', 2);
    encoding = head.map((line) => /^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)/.exec(line)?.[1]).find(Boolean);
  }
  try {
    return new TextDecoder(labelOf(encoding ?? 'utf-8'), { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DependencyError(
      'ERR_DEP_UNREADABLE',
      `${path}: expected text in the encoding that it names, or UTF-8, found other bytes`,
      { cause },
    );
  }
}

/** Python's name of an encoding as the platform's decoder has it. */
function labelOf(encoding: string): string {
  return encoding.toLowerCase().replace(/^(?:latin|iso)[-_]?(?:8859[-_])?1$/, 'iso-8859-1');
}

/** Looks at each `#` once: a pattern that begins with white space would look at a long run of it again and again. */
function withoutComment(text: string): string {
  for (let at = text.indexOf('#'); at !== -1; at = text.indexOf('#', at + 1)) {
    if (at === 0 || /\s/.test(text[at - 1]!)) return text.slice(0, at);
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
    const column = text.length - text.trimStart().length + 1;
    if (text.trim() !== '') joined.push({ text: text.trim(), line: held.line, column });
    held = undefined;
  };
  for (const [index, line] of linesOf(file.path, decodeRequirements(file)).entries()) {
    const isComment = /^\s*#/.test(line);
    if (line.endsWith('\\') && !isComment) {
      held = { text: (held?.text ?? '') + line.slice(0, -1), line: held?.line ?? index + 1 };
      continue;
    }
    held = { text: (held?.text ?? '') + (isComment ? ` ${line}` : line), line: held?.line ?? index + 1 };
    flush();
  }
  flush();
  return joined;
}
