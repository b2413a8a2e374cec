import { ModelError } from '../errors.ts';
import type { OnnxLimits } from './limits.ts';
import {
  CONTENT,
  FIELD_CODES,
  MESSAGE_NAMES,
  MESSAGE_SHIFT,
  messageNumber,
  ONE_OF,
  REPEATED,
  ROW,
} from './schema.ts';
import { TextCheck } from './text-check.ts';

/** Messages inside messages: protobuf's own default, which every common parser enforces. */
const MAX_MESSAGE_DEPTH = 100;

/** What a walk over the wire has counted. */
export interface WireCounts {
  /** Messages of each kind, by `messageNumber`. */
  readonly messages: Int32Array;
  /** Fields that the format does not know. */
  readonly unknownFields: number;
  /** Graphs inside graphs, the main one counted. */
  readonly depth: number;
  /** Texts, and their bytes. */
  readonly texts: number;
  readonly textBytes: number;
}

/**
 * Walks every field of a serialised ONNX model once, without recursion and without copying, and accepts only what
 * every protobuf parser reads alike: no truncation, no group, no varint longer than it must be, no known field of
 * another wire type, no singular field or `oneof` given twice (parsers merge messages and keep the last scalar), no
 * text that is not UTF-8. Behind this walk the bytes may be read without further checks of form.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 * @throws {ModelError} `ERR_MODEL_FORMAT`, `ERR_MODEL_AMBIGUOUS`, `ERR_MODEL_LIMIT`
 */
export function checkWire(bytes: Uint8Array, limits: OnnxLimits): WireCounts {
  const texts = new TextCheck(bytes);
  try {
    const counts = walkFields(bytes, limits, texts);
    texts.flush();
    return counts;
  } catch (error) {
    // The first fault in the file is the one to tell of.
    texts.flush();
    throw error;
  }
}

function walkFields(bytes: Uint8Array, limits: OnnxLimits, textCheck: TextCheck): WireCounts {
  const messages = new Int32Array(MESSAGE_NAMES.length);
  const maxima = new Float64Array(MESSAGE_NAMES.length).fill(Infinity);
  maxima[messageNumber.Node] = limits.maxNodes;
  maxima[messageNumber.Tensor] = limits.maxTensors;
  maxima[messageNumber.Attribute] = limits.maxAttributes;
  const { maxTextBytes, maxTotalTextBytes, maxDepth } = limits;
  const fieldCodes = FIELD_CODES;
  const graphKind = messageNumber.Graph;
  let unknownFields = 0;
  let deepest = 0;
  let texts = 0;
  let textBytes = 0;

  // The messages around the open one: kind, end, and a bit per field seen. Bit 0 stands for "one of the oneof".
  const kinds = new Int32Array(MAX_MESSAGE_DEPTH + 1);
  const ends = new Float64Array(MAX_MESSAGE_DEPTH + 1);
  const seen = new Int32Array(MAX_MESSAGE_DEPTH + 1);
  let depth = 0;
  let graphs = 0;
  let position = 0;
  let end = bytes.length;
  let kind = messageNumber.Model;
  let fields = 0;

  for (;;) {
    while (position === end) {
      if (depth === 0) return { messages, unknownFields, depth: deepest, texts, textBytes };
      if (kind === graphKind) graphs--;
      depth--;
      kind = kinds[depth]!;
      end = ends[depth]!;
      fields = seen[depth]!;
    }

    // A tag fits 32 bits: 29 of field number and 3 of wire type.
    let tag = bytes[position++]!;
    if (tag >= 0x80) {
      const start = position - 1;
      position = skipVarint(bytes, start, end);
      tag = readTag(bytes, start, position);
    }
    const wire = tag & 7;
    const field = tag >>> 3;
    if (field === 0) throw malformed('a field number', position - 1);

    // Where the value ends; for wire type 2 after its length has been read.
    let valueEnd: number;
    const at = position;
    if (wire === 2) {
      let length = position < end ? bytes[position]! : 0x80;
      if (length < 0x80) position++;
      else {
        position = skipVarint(bytes, at, end);
        length = 0;
        for (let index = position - 1; index >= at; index--) length = length * 128 + (bytes[index]! & 0x7f);
      }
      valueEnd = position + length;
    } else if (wire === 0) {
      valueEnd = position < end && bytes[position]! < 0x80 ? position + 1 : skipVarint(bytes, position, end);
    } else if (wire === 1) valueEnd = position + 8;
    else if (wire === 5) valueEnd = position + 4;
    else throw malformed('no group', position - 1);
    if (valueEnd > end) throw malformed('a value that ends inside its message', at);

    const code = field < ROW ? fieldCodes[kind * ROW + field]! : 0;
    if (code === 0) {
      unknownFields++;
      position = valueEnd;
      continue;
    }
    if ((code & REPEATED) === 0) {
      const bits = (1 << field) | ((code & ONE_OF) === 0 ? 0 : 1);
      if ((fields & bits) !== 0) throw duplicated(kind, field, at);
      fields |= bits;
    }

    const content = code & 7;
    if (content === CONTENT.text) {
      if (wire !== 2) throw wrongWire(kind, field, at);
      const length = valueEnd - position;
      texts++;
      textBytes += length;
      if (length > maxTextBytes) throw tooMany('bytes in one text', maxTextBytes);
      if (textBytes > maxTotalTextBytes) throw tooMany('bytes of text', maxTotalTextBytes);
      textCheck.add(position, valueEnd);
      position = valueEnd;
    } else if (content === CONTENT.message) {
      if (wire !== 2) throw wrongWire(kind, field, at);
      const inner = code >>> MESSAGE_SHIFT;
      const count = messages[inner]! + 1;
      messages[inner] = count;
      if (count > maxima[inner]!) throw tooMany(`messages ${MESSAGE_NAMES[inner]!}`, maxima[inner]!);
      if (inner === graphKind && ++graphs > deepest) {
        deepest = graphs;
        if (graphs > maxDepth) throw tooMany('graphs inside graphs', maxDepth);
      }
      if (depth === MAX_MESSAGE_DEPTH) throw tooMany('messages inside messages', MAX_MESSAGE_DEPTH);
      kinds[depth] = kind;
      ends[depth] = end;
      seen[depth] = fields;
      depth++;
      kind = inner;
      end = valueEnd;
      fields = 0;
    } else {
      checkScalar(bytes, kind, field, code, wire, position, valueEnd, at);
      position = valueEnd;
    }
  }
}

/** Scalars, alone or packed, and bytes. */
function checkScalar(
  bytes: Uint8Array,
  kind: number,
  field: number,
  code: number,
  wire: number,
  start: number,
  end: number,
  at: number,
): void {
  const isPacked = wire === 2 && (code & REPEATED) !== 0;
  switch (code & 7) {
    case CONTENT.varint:
      if (isPacked) skipVarints(bytes, start, end, false);
      else if (wire !== 0) throw wrongWire(kind, field, at);
      break;
    case CONTENT.int32:
      if (isPacked) skipVarints(bytes, start, end, true);
      else if (wire !== 0) throw wrongWire(kind, field, at);
      else checkInt32(bytes, start, end);
      break;
    case CONTENT.fixed32:
      if (isPacked) checkPacked(start, end, 4);
      else if (wire !== 5) throw wrongWire(kind, field, at);
      break;
    case CONTENT.fixed64:
      if (isPacked) checkPacked(start, end, 8);
      else if (wire !== 1) throw wrongWire(kind, field, at);
      break;
    default:
      if (wire !== 2) throw wrongWire(kind, field, at);
  }
}

/** A tag of several bytes. */
function readTag(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > 5) throw malformed('a field number of at most 29 bits', start);
  let tag = 0;
  for (let index = end - 1; index >= start; index--) tag = tag * 128 + (bytes[index]! & 0x7f);
  if (tag > 0xffffffff) throw malformed('a field number of at most 29 bits', start);
  return tag;
}

/** Index behind the varint at `start`; it has at most 64 bits and no byte that adds nothing. */
function skipVarint(bytes: Uint8Array, start: number, end: number): number {
  let position = start;
  for (;;) {
    if (position >= end) throw malformed('a varint that ends inside its message', start);
    const byte = bytes[position++]!;
    if (byte < 0x80) {
      if (byte === 0 && position - start > 1) throw malformed('a varint no longer than it must be', start);
      if (position - start === 10 && byte > 1) throw malformed('a varint of at most 64 bits', start);
      return position;
    }
    if (position - start === 10) throw malformed('a varint of at most 10 bytes', start);
  }
}

function skipVarints(bytes: Uint8Array, start: number, end: number, isInt32: boolean): void {
  for (let position = start; position < end;) {
    if (bytes[position]! < 0x80) position++;
    else {
      const next = skipVarint(bytes, position, end);
      if (isInt32) checkInt32(bytes, position, next);
      position = next;
    }
  }
}

/** Parsers cut a longer varint to 32 bits, each in its own way; a negative one is ten bytes, the upper 33 bits set. */
function checkInt32(bytes: Uint8Array, start: number, end: number): void {
  const length = end - start;
  if (length < 5 || (length === 5 && bytes[end - 1]! < 8)) return;
  const isNegative =
    length === 10 &&
    bytes[start + 4]! >= 0xf8 &&
    bytes[start + 5] === 0xff &&
    bytes[start + 6] === 0xff &&
    bytes[start + 7] === 0xff &&
    bytes[start + 8] === 0xff;
  if (!isNegative) throw malformed('an integer of 32 bits', start);
}

function checkPacked(start: number, end: number, size: number): void {
  if ((end - start) % size !== 0) throw malformed(`packed values of ${size} bytes`, start);
}

function fieldName(kind: number, field: number): string {
  return `${MESSAGE_NAMES[kind]!} field ${field}`;
}

function duplicated(kind: number, field: number, at: number): ModelError {
  const message = `byte ${at}: expected ${fieldName(kind, field)} once, found it twice; parsers disagree on which counts`;
  return new ModelError('ERR_MODEL_AMBIGUOUS', message);
}

function wrongWire(kind: number, field: number, at: number): ModelError {
  return new ModelError('ERR_MODEL_FORMAT', `byte ${at}: ${fieldName(kind, field)} has another wire type`);
}

function malformed(expected: string, at: number): ModelError {
  return new ModelError('ERR_MODEL_FORMAT', `byte ${at}: expected ${expected}`);
}

function tooMany(what: string, limit: number): ModelError {
  return new ModelError('ERR_MODEL_LIMIT', `expected at most ${limit} ${what}, found more`);
}
