import { isUtf8 } from 'node:buffer';

/** What becomes of the operand of an opcode: so many bytes, a counted run of bytes, or lines of text. */
type Operand =
  | { readonly bytes: number }
  /** A length of this many bytes, little-endian, and then that many bytes. */
  | { readonly counted: 1 | 4 | 8; readonly signed?: true }
  | { readonly lines: 1 };

/** What an opcode does to the stack. Depths only: what lies on it does not matter here. */
interface Opcode {
  readonly operand?: Operand;
  /** Values that must lie on the stack. */
  readonly needs?: number;
  /** Values that it takes away; with `mark` all above the last mark, and the mark. */
  readonly takes?: number | 'mark';
  readonly gives?: number;
  readonly memo?: 'put' | 'get';
}

/** Opcodes walked through before a file counts as a pickle: no other format looks like one for so long. */
const MAX_OPCODES = 1_000_000;
/** Bytes of the name of a module: longer ones no file system has. */
const MAX_NAME_BYTES = 4096;
const STOP = 0x2e;
const MARK = 0x28;
const DUP = 0x32;
const POP = 0x30;

const line: Operand = { lines: 1 };
const push = (operand?: Operand): Opcode => ({ ...(operand !== undefined && { operand }), gives: 1 });
const fold = (needs: number): Opcode => ({ needs, takes: needs, gives: 1 });

/**
 * Opcodes of all protocols, but those that {@link importsCode} knows. By character or number.
 *
 * @see https://github.com/python/cpython/blob/main/Lib/pickletools.py
 */
const OPCODES: ReadonlyMap<number, Opcode> = new Map(
  Object.entries({
    // Numbers, texts and bytes.
    ...Object.fromEntries(['I', 'L', 'F', 'S', 'V', 'P'].map((name) => [name, push(line)])),
    ...Object.fromEntries(['N', ')', ']', '}', '\x88', '\x89', '\x8f', '\x97'].map((name) => [name, push()])),
    J: push({ bytes: 4 }),
    K: push({ bytes: 1 }),
    M: push({ bytes: 2 }),
    G: push({ bytes: 8 }),
    T: push({ counted: 4, signed: true }),
    U: push({ counted: 1 }),
    B: push({ counted: 4 }),
    C: push({ counted: 1 }),
    X: push({ counted: 4 }),
    '\x8a': push({ counted: 1 }),
    '\x8b': push({ counted: 4, signed: true }),
    '\x8c': push({ counted: 1 }),
    '\x8d': push({ counted: 8 }),
    '\x8e': push({ counted: 8 }),
    '\x96': push({ counted: 8 }),
    // Collections.
    ...Object.fromEntries(
      ['t', 'l', 'd', '\x91'].map((name) => [name, { takes: 'mark', gives: 1 } as const]),
    ),
    ...Object.fromEntries(
      ['e', 'u', '\x90'].map((name) => [name, { needs: 1, takes: 'mark', gives: 0 } as const]),
    ),
    a: fold(2),
    s: fold(3),
    '\x85': fold(1),
    '\x86': fold(2),
    '\x87': fold(3),
    // The stack and the memo.
    '1': { takes: 'mark' },
    Q: fold(1),
    '\x98': fold(1),
    p: { operand: line, needs: 1, memo: 'put' },
    q: { operand: { bytes: 1 }, needs: 1, memo: 'put' },
    r: { operand: { bytes: 4 }, needs: 1, memo: 'put' },
    '\x94': { needs: 1, memo: 'put' },
    g: { operand: line, gives: 1, memo: 'get' },
    h: { operand: { bytes: 1 }, gives: 1, memo: 'get' },
    j: { operand: { bytes: 4 }, gives: 1, memo: 'get' },
    '\x80': { operand: { bytes: 1 } },
    '\x95': { operand: { bytes: 8 } },
  } satisfies Record<string, Opcode>).map(([name, opcode]) => [name.charCodeAt(0), opcode]),
);

/**
 * Says whether Python's `pickle` would take these bytes for one of its own: it runs them from the first byte on, and what
 * stands behind does not bother it. So one file can be a pickle and a model. The walk forgives more than Python does:
 * where Python goes on it goes on, and one opcode that imports or calls is enough. What only builds numbers, texts
 * and collections harms nobody, and is a pickle if it ends where the file ends.
 */
export function isPickle(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let stack = 0;
  let marks: number[] = [];
  let memo = new Set<number>();
  let at = 0;
  let hasEnded = false;
  for (let count = 0; at < buffer.length; count++) {
    if (count === MAX_OPCODES) return true;
    const code = buffer[at++]!;
    hasEnded = false;
    if (importsCode(buffer, code, at, stack)) return true;
    if (code === STOP) {
      if (stack === 0) return false;
      // Some loaders read one pickle after the other.
      [stack, marks, memo, hasEnded] = [0, [], new Set(), true];
      continue;
    }
    if (code === MARK) {
      marks.push(stack);
      continue;
    }
    if (code === DUP || code === POP) {
      // Old versions keep marks on the stack: they can be doubled and taken away like any value.
      if (stack === 0 && marks.length === 0) return false;
      if (code === DUP) stack++;
      else if (stack > (marks.at(-1) ?? 0)) stack--;
      else marks.pop();
      continue;
    }
    const opcode = OPCODES.get(code);
    if (opcode === undefined || stack + marks.length < (opcode.needs ?? 0)) return false;
    const end = endOf(buffer, at, opcode.operand);
    if (end === undefined) return false;
    if (opcode.memo !== undefined) {
      const key = code === 0x94 ? memo.size : keyOf(buffer, at, end, opcode.operand);
      if (opcode.memo === 'put') memo.add(key);
      else if (!memo.has(key)) return false;
    }
    at = end;
    if (opcode.takes === 'mark') {
      const mark = marks.pop();
      if (mark === undefined) return false;
      stack = Math.min(stack, mark);
    } else stack = Math.max(0, stack - (opcode.takes ?? 0));
    stack += opcode.gives ?? 0;
  }
  return hasEnded;
}

/** The opcodes that import a name, call something, or hand a state to an object. */
function importsCode(buffer: Buffer, code: number, at: number, stack: number): boolean {
  switch (String.fromCharCode(code)) {
    case 'c':
    case 'i':
      return isName(buffer, at);
    case '\x82':
    case '\x83':
    case '\x84':
      return true;
    case 'o':
      return stack >= 1;
    case 'R':
    case 'b':
    case '\x81':
    case '\x93':
      return stack >= 2;
    case '\x92':
      return stack >= 3;
    default:
      return false;
  }
}

/** Whether the next line can be the name of a module. */
function isName(buffer: Buffer, at: number): boolean {
  const found = buffer.subarray(at, at + MAX_NAME_BYTES + 1).indexOf(0x0a);
  const end = found === -1 ? buffer.length : at + found;
  if (end === at || end - at > MAX_NAME_BYTES) return false;
  const name = buffer.subarray(at, end);
  return isUtf8(name) && !name.includes(0);
}

/** Where an operand ends; `undefined` if it does not end in the file. */
function endOf(buffer: Buffer, at: number, operand: Operand | undefined): number | undefined {
  if (operand === undefined) return at;
  let end: number;
  if ('lines' in operand) {
    const newline = buffer.indexOf(0x0a, at);
    return newline === -1 ? undefined : newline + 1;
  }
  if ('bytes' in operand) end = at + operand.bytes;
  else {
    const { counted, signed } = operand;
    if (at + counted > buffer.length) return undefined;
    const length = counted === 8 ? Number(buffer.readBigUInt64LE(at)) : buffer.readUIntLE(at, counted);
    if (signed === true && length >= 2 ** 31) return undefined;
    end = at + counted + length;
  }
  return end <= buffer.length ? end : undefined;
}

/** The place in the memo that an opcode names. What is no number is a place of its own that nothing else names. */
function keyOf(buffer: Buffer, at: number, end: number, operand: Operand | undefined): number {
  if (operand !== undefined && 'bytes' in operand) return buffer.readUIntLE(at, operand.bytes);
  // C reads the number up to a zero byte; Python takes signs, spaces and underscores.
  const [text = ''] = buffer.toString('latin1', at, end).split('\0');
  return Number(text.trim().replaceAll('_', ''));
}
