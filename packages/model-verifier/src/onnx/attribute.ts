import type { CanonicalHash } from './canonical-hash.ts';
import { Cursor } from './cursor.ts';
import type { Inspection } from './inspection.ts';
import { readTensor, type TensorView } from './tensor.ts';
import { readType } from './value-type.ts';

/** AttributeProto.AttributeType to the field that holds such a value. */
const VALUE_FIELDS: readonly (number | undefined)[] = [
  undefined, // UNDEFINED
  2, // FLOAT
  3, // INT
  4, // STRING
  5, // TENSOR
  6, // GRAPH
  7, // FLOATS
  8, // INTS
  9, // STRINGS
  10, // TENSORS
  11, // GRAPHS
  22, // SPARSE_TENSOR
  23, // SPARSE_TENSORS
  14, // TYPE_PROTO
  15, // TYPE_PROTOS
];

/** Fields that must be there if the type says so; the others have a default of nothing or zero. */
const REQUIRED: ReadonlySet<number> = new Set([5, 6, 14, 22]);

/** Attributes that fix sizes. */
const SIZES: ReadonlySet<string> = new Set([
  'pads',
  'output_padding',
  'output_shape',
  'kernel_shape',
  'strides',
  'dilations',
  'hidden_size',
  'output_height',
  'output_width',
  'blocksize',
]);

/** What such an attribute may be at most, either side of zero: wider than any picture. */
const MAX_SIZE = 65_536;

/** int64 (7): shapes, axes and indices, which are structure; every other type is weights. */
const STRUCTURE_TYPE = 7;
/** Elements of an int64 tensor that a fingerprint still takes for structure. */
const MAX_STRUCTURE = 128;

/** What an attribute of a node, or a default of a function, is read with. */
export interface AttributeContext {
  readonly inspection: Inspection;
  readonly hash: CanonicalHash;
  /** Takes a graph that stands in the attribute and answers the number it is known by from there on. */
  readonly addGraph: (start: number, end: number, attribute: string) => number;
  /** Names of the attributes of the function around it; `undefined` outside functions. */
  readonly formals: ReadonlySet<string> | undefined;
}

/** Attributes, given by their places, in the order of their names: the order they have in a fingerprint. */
export function attributesByName(
  inspection: Inspection,
  places: readonly number[],
): readonly { readonly name: string; readonly start: number; readonly end: number }[] {
  const cursor = new Cursor(inspection.bytes);
  const list: { name: string; start: number; end: number }[] = [];
  for (let at = 0; at < places.length; at += 2) {
    const [start, end] = [places[at]!, places[at + 1]!];
    let name = '';
    cursor.open(start, end);
    while (cursor.next()) if (cursor.field === 1) name = inspection.text(cursor.start, cursor.end);
    list.push({ name, start, end });
  }
  return list.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Reads and checks one AttributeProto, and adds it to the fingerprint. `path` is asked for only if something is wrong. */
export function readAttribute(
  context: AttributeContext,
  start: number,
  end: number,
  path: () => string,
): void {
  const { inspection, hash } = context;
  const { violations } = inspection;
  const cursor = new Cursor(inspection.bytes).open(start, end);
  let nameStart = 0;
  let nameEnd = 0;
  let type = 0;
  let reference: string | undefined;
  let isMixed = false;
  let valueField = 0;
  let values = 0;
  while (cursor.next()) {
    switch (cursor.field) {
      case 1:
        [nameStart, nameEnd] = [cursor.start, cursor.end];
        break;
      case 13:
        break;
      case 20:
        type = cursor.int();
        break;
      case 21:
        reference = inspection.text(cursor.start, cursor.end);
        break;
      default:
        if (VALUE_FIELDS.includes(cursor.field)) {
          isMixed ||= valueField !== 0 && valueField !== cursor.field;
          valueField = cursor.field;
          values++;
        }
    }
  }
  const where = (): string => `${path()}/attribute ${inspection.quotedText(nameStart, nameEnd)}`;
  if (nameStart === nameEnd) violations.add('name-missing', where(), 'expected an attribute with a name');

  hash.range(nameStart, nameEnd);
  hash.count(type);
  if (reference !== undefined && reference !== '') {
    hash.text(reference);
    if (values > 0) violations.add('attribute-type', where(), 'expected a reference or a value, found both');
    if (context.formals?.has(reference) !== true) {
      violations.add('attribute-reference', where(), 'expected an attribute of the function around it');
    }
    return;
  }
  const expected = VALUE_FIELDS[type];
  if (expected === undefined || isMixed || (valueField !== 0 && valueField !== expected)) {
    const found = valueField === 0 ? 'none' : isMixed ? 'several kinds' : `one in field ${valueField}`;
    violations.add(
      'attribute-type',
      where(),
      `expected a value of the attribute's type ${type}, found ${found}`,
    );
  } else if (values === 0 && REQUIRED.has(expected)) {
    violations.add('attribute-type', where(), `expected a value of the attribute's type ${type}, found none`);
  }

  const sized =
    (expected === 3 || expected === 8) && nameEnd - nameStart <= 15
      ? SIZES.has(inspection.text(nameStart, nameEnd))
      : false;
  const attribute = (): string => inspection.text(nameStart, nameEnd);
  hashValues(context, cursor.open(start, end), where, attribute, sized);
}

function hashValues(
  { inspection, hash, addGraph }: AttributeContext,
  cursor: Cursor,
  where: () => string,
  attribute: () => string,
  isSize: boolean,
): void {
  const integers: number[] = [];
  while (cursor.next()) {
    switch (cursor.field) {
      case 2:
      case 4:
      case 7:
      case 9:
        // Packed or one by one, floats are the same bytes.
        if (cursor.field === 7) for (let at = cursor.start; at < cursor.end; at += 4) hash.range(at, at + 4);
        else hash.range(cursor.start, cursor.end);
        break;
      case 3:
      case 8:
        integers.length = 0;
        cursor.pushInts(integers);
        for (const value of integers) {
          hash.number(value);
          if (isSize && Math.abs(value) > MAX_SIZE) {
            const message = `expected at most ${MAX_SIZE} either side of 0, found ${value}`;
            inspection.violations.add('attribute-range', where(), message);
          }
        }
        break;
      case 5:
      case 10:
        hashTensor(hash, readTensor(inspection, cursor.start, cursor.end, where()));
        break;
      case 6:
      case 11:
        hash.count(addGraph(cursor.start, cursor.end, attribute()));
        break;
      case 22:
      case 23:
        readSparse(inspection, hash, cursor.start, cursor.end, where());
        break;
      case 14:
      case 15: {
        const { type, dims } = readType(inspection, cursor.start, cursor.end, where);
        hash.text(JSON.stringify([type, dims]));
        break;
      }
    }
  }
}

/** Adds a tensor as it counts for a fingerprint: type and dims, and the values of short lists of int64. */
export function hashTensor(hash: CanonicalHash, tensor: TensorView): void {
  hash.count(tensor.type);
  hash.count(tensor.dims.length);
  for (const dim of tensor.dims) hash.number(dim);
  const values = tensor.type === STRUCTURE_TYPE ? tensor.values(MAX_STRUCTURE) : undefined;
  if (values !== undefined) for (const value of values) hash.number(value);
}

/**
 * Reads and checks a SparseTensorProto, whose dense form a session makes.
 *
 * @returns Its values and its dense dims.
 */
export function readSparse(
  inspection: Inspection,
  hash: CanonicalHash,
  start: number,
  end: number,
  path: string,
): { readonly values: TensorView | undefined; readonly dims: readonly number[] } {
  const cursor = new Cursor(inspection.bytes).open(start, end);
  const dims: number[] = [];
  let values: TensorView | undefined;
  let indices: TensorView | undefined;
  while (cursor.next()) {
    if (cursor.field === 1) values = readTensor(inspection, cursor.start, cursor.end, `${path}/values`);
    else if (cursor.field === 2)
      indices = readTensor(inspection, cursor.start, cursor.end, `${path}/indices`);
    else if (cursor.field === 3 && dims.length <= 64) cursor.pushInts(dims);
  }
  hash.count(dims.length);
  for (const dim of dims) hash.number(dim);
  if (values !== undefined) hashTensor(hash, values);
  const fault = sparseFault(inspection, dims, values, indices);
  if (fault !== undefined) inspection.violations.add('tensor-sparse', path, fault);
  return { values, dims };
}

function sparseFault(
  { limits }: Inspection,
  dims: readonly number[],
  values: TensorView | undefined,
  indices: TensorView | undefined,
): string | undefined {
  if (dims.length === 0 || dims.length > limits.maxRank || dims.some((dim) => !(dim > 0))) {
    return `expected 1 to ${limits.maxRank} dimensions above 0`;
  }
  // Eight bytes at least stand for the widest common type.
  const dense = dims.reduce((product, dim) => product * dim, 8);
  if (dense > limits.maxTensorBytes)
    return `expected at most ${limits.maxTensorBytes} bytes when dense, found more`;
  if (values?.dims.length !== 1) return 'expected a list of values';
  const count = values.dims[0];
  if (indices === undefined) return count === 0 ? undefined : 'expected indices';
  if (indices.type !== STRUCTURE_TYPE) return 'expected indices of int64';
  const [rows, columns] = indices.dims;
  const isList = indices.dims.length === 1 && rows === count;
  const isTable = indices.dims.length === 2 && rows === count && columns === dims.length;
  return isList || isTable ? undefined : 'expected one index per value';
}
