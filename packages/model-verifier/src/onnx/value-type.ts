import { Cursor } from './cursor.ts';
import { byteLength, dataType, type OnnxDataType } from './data-type.ts';
import type { Inspection } from './inspection.ts';
import { elementsOf } from './tensor.ts';

/** One dimension: a size, a name that ties equal sizes together, or `null` where nothing is said. */
export type OnnxDimension = number | string | null;

/** An input or output of a model. */
export interface OnnxValue {
  readonly name: string;
  /** Element type, for example `float32`; in containers `sequence(float32)`, `optional(…)`, `map(int64, …)`; `unknown` where none is said. */
  readonly type: OnnxDataType | (string & {});
  /** Dims of a tensor; `null` where even their number is open. */
  readonly dims: readonly OnnxDimension[] | null;
}

/** A declared value and where its name stands. */
export interface ValueView extends OnnxValue {
  readonly nameStart: number;
  readonly nameEnd: number;
  /** TensorProto.DataType of a plain tensor, else 0. */
  readonly elementType: number;
}

/** Containers inside containers; the wire walk bounds them too. */
const MAX_NESTING = 32;

/** Reads a ValueInfoProto. */
export function readValue(inspection: Inspection, start: number, end: number, path: string): ValueView {
  const cursor = new Cursor(inspection.bytes).open(start, end);
  let nameStart = 0;
  let nameEnd = 0;
  let typeStart = -1;
  let typeEnd = -1;
  while (cursor.next()) {
    if (cursor.field === 1) [nameStart, nameEnd] = [cursor.start, cursor.end];
    else if (cursor.field === 2) [typeStart, typeEnd] = [cursor.start, cursor.end];
  }
  const name = inspection.text(nameStart, nameEnd);
  const where = (): string => `${path} ${inspection.quotedText(nameStart, nameEnd)}`;
  const type = typeStart === -1 ? UNKNOWN : readType(inspection, typeStart, typeEnd, where);
  return { name, nameStart, nameEnd, type: type.type, dims: type.dims, elementType: type.elementType };
}

interface TypeView {
  readonly type: string;
  readonly dims: readonly OnnxDimension[] | null;
  readonly elementType: number;
}

const UNKNOWN: TypeView = { type: 'unknown', dims: null, elementType: 0 };

/** Reads a TypeProto, from the outermost container inwards. */
export function readType(inspection: Inspection, start: number, end: number, where: () => string): TypeView {
  const cursor = new Cursor(inspection.bytes).open(start, end);
  let prefix = '';
  let suffix = '';
  for (let depth = 0; depth <= MAX_NESTING; depth++) {
    let kind = 0;
    let innerStart = 0;
    let innerEnd = 0;
    while (cursor.next()) {
      if (cursor.field === 6) continue;
      [kind, innerStart, innerEnd] = [cursor.field, cursor.start, cursor.end];
    }
    if (kind === 1 || kind === 8) {
      const tensor = readTensorType(inspection, innerStart, innerEnd, where);
      const type = kind === 8 ? `sparse(${tensor.type})` : tensor.type;
      if (prefix === '' && kind === 1) return tensor;
      return { type: `${prefix}${type}${suffix}`, dims: prefix === '' ? tensor.dims : null, elementType: 0 };
    }
    if (kind !== 4 && kind !== 5 && kind !== 9) break;
    cursor.open(innerStart, innerEnd);
    [innerStart, innerEnd] = [0, 0];
    let key = '';
    while (cursor.next()) {
      if (cursor.wire === 2) [innerStart, innerEnd] = [cursor.start, cursor.end];
      else key = `${dataType(cursor.int())?.name ?? 'unknown'}, `;
    }
    prefix += kind === 4 ? 'sequence(' : kind === 9 ? 'optional(' : `map(${key}`;
    suffix += ')';
    cursor.open(innerStart, innerEnd);
  }
  return prefix === '' ? UNKNOWN : { type: `${prefix}unknown${suffix}`, dims: null, elementType: 0 };
}

function readTensorType(inspection: Inspection, start: number, end: number, where: () => string): TypeView {
  const { bytes, limits, violations } = inspection;
  const cursor = new Cursor(bytes).open(start, end);
  let elementType = 0;
  let dims: OnnxDimension[] | null = null;
  while (cursor.next()) {
    if (cursor.field === 1) elementType = cursor.int();
    else if (cursor.field === 2) dims = readDims(inspection, cursor.start, cursor.end);
  }
  const type = dataType(elementType);
  if (type === undefined) {
    violations.add('value-type', where(), `expected an element type of ONNX, found number ${elementType}`);
  }
  if (dims !== null) {
    const sizes = dims.filter((dim) => typeof dim === 'number');
    if (dims.length > limits.maxRank) {
      violations.add(
        'value-dims',
        where(),
        `expected at most ${limits.maxRank} dimensions, found ${dims.length}`,
      );
    } else if (sizes.some((dim) => dim < 0)) {
      violations.add('value-dims', where(), `expected dimensions of at least 0, found ${Math.min(...sizes)}`);
    } else {
      const length = byteLength(elementsOf(sizes), type?.bits ?? 8);
      if (!(length <= limits.maxTensorBytes)) {
        const found = Number.isNaN(length) ? 'more than can be counted' : String(length);
        violations.add(
          'value-dims',
          where(),
          `expected at most ${limits.maxTensorBytes} bytes, found ${found}`,
        );
      }
    }
  }
  return { type: type?.name ?? 'unknown', dims, elementType };
}

function readDims(inspection: Inspection, start: number, end: number): OnnxDimension[] {
  const dims: OnnxDimension[] = [];
  const cursor = new Cursor(inspection.bytes).open(start, end);
  const inner = new Cursor(inspection.bytes);
  while (cursor.next()) {
    if (cursor.field !== 1) continue;
    let dim: OnnxDimension = null;
    inner.open(cursor.start, cursor.end);
    while (inner.next()) {
      if (inner.field === 1) dim = inner.int();
      else if (inner.field === 2 && inner.end > inner.start) dim = inspection.text(inner.start, inner.end);
    }
    dims.push(dim);
    // One more than any limit allows is enough to refuse it.
    if (dims.length > 64) break;
  }
  return dims;
}
