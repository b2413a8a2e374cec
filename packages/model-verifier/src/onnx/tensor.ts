import { Cursor, countVarints, forEachVarint } from './cursor.ts';
import { byteLength, dataType } from './data-type.ts';
import { externalFault, type ExternalReference } from './external-data.ts';
import type { Inspection } from './inspection.ts';

/** A TensorProto as it stands in the model: places, not copies. */
export interface TensorView {
  readonly nameStart: number;
  readonly nameEnd: number;
  /** TensorProto.DataType; 0 where it is missing. */
  readonly type: number;
  readonly dims: readonly number[];
  /** Product of the dims; `NaN` where they are not sound. */
  readonly elements: number;
  /** Bytes the elements take; 0 where that is not known. */
  readonly bytes: number;
  /** The small integers or floats it holds, where they stand in the file. */
  values(maxElements: number): readonly number[] | undefined;
}

/** Most dims one tensor can have before its list is worth refusing to build. */
const MAX_DIMS_READ = 64;

/**
 * Reads and checks a TensorProto wherever it stands: initializer, attribute, sparse value or function.
 *
 * @param kind - `parameter` counts towards the bytes of parameters, `part` (of a sparse tensor) too.
 */
export function readTensor(inspection: Inspection, start: number, end: number, path: string): TensorView {
  const { bytes, violations } = inspection;
  const cursor = new Cursor(bytes).open(start, end);
  const dims: number[] = [];
  let type = 0;
  let nameStart = 0;
  let nameEnd = 0;
  let rawStart = -1;
  let rawEnd = -1;
  let isExternal = false;
  let hasSegment = false;
  const external: ExternalReference[] = [];
  /** Entries per data field, and the places of the first. */
  let dataField = 0;
  let entries = 0;
  let isMixed = false;
  while (cursor.next()) {
    switch (cursor.field) {
      case 1:
        if (dims.length <= MAX_DIMS_READ) cursor.pushInts(dims);
        break;
      case 2:
        type = cursor.int();
        break;
      case 3:
        hasSegment = true;
        break;
      case 8:
        nameStart = cursor.start;
        nameEnd = cursor.end;
        break;
      case 9:
        rawStart = cursor.start;
        rawEnd = cursor.end;
        break;
      case 13:
        external.push({ start: cursor.start, end: cursor.end });
        break;
      case 14:
        isExternal = cursor.int() !== 0;
        break;
      case 4:
      case 5:
      case 6:
      case 7:
      case 10:
      case 11: {
        const found = entriesOf(cursor, bytes);
        if (found === 0) break;
        if (dataField !== 0 && dataField !== cursor.field) isMixed = true;
        dataField = cursor.field;
        entries += found;
        break;
      }
    }
  }

  const known = dataType(type);
  const elements = elementsOf(dims);
  const length = known === undefined || Number.isNaN(elements) ? 0 : byteLength(elements, known.bits);
  const where = (): string =>
    nameEnd > nameStart ? `${path} ${inspection.quotedText(nameStart, nameEnd)}` : path;
  inspection.parameters.tensors++;
  inspection.parameters.bytes += length;

  if (known === undefined) {
    violations.add('tensor-type', where(), `expected an element type of ONNX, found number ${type}`);
  }
  if (dims.length > inspection.limits.maxRank) {
    violations.add(
      'tensor-dims',
      where(),
      `expected at most ${inspection.limits.maxRank} dimensions, found more`,
    );
  } else if (dims.some((dim) => dim < 0)) {
    violations.add('tensor-dims', where(), `expected dimensions of at least 0, found [${dims.join(', ')}]`);
  } else if (Number.isNaN(elements)) {
    violations.add(
      'tensor-size',
      where(),
      'expected dimensions whose product is a safe integer, found larger',
    );
  } else if (length > inspection.limits.maxTensorBytes) {
    const limit = inspection.limits.maxTensorBytes;
    violations.add('tensor-size', where(), `expected at most ${limit} bytes, found ${length}`);
  }
  if (hasSegment)
    violations.add('tensor-segment', where(), 'expected a whole tensor, found a segment of one');

  if (isExternal) {
    if (rawStart !== -1 || dataField !== 0) {
      violations.add('tensor-data', where(), 'expected data outside the file only, found some inside too');
    }
    const fault = externalFault(inspection, external, length, nameStart, nameEnd);
    if (fault !== undefined) violations.add(fault.code, where(), fault.message);
    if (type === 8) violations.add('tensor-type', where(), 'expected no strings outside the file');
  } else {
    if (external.length > 0) {
      violations.add('tensor-data', where(), 'expected no place of external data where the data is inside');
    }
    const fault = dataFault(known, elements, length, {
      raw: rawStart === -1 ? undefined : rawEnd - rawStart,
      dataField,
      entries,
      isMixed,
    });
    if (fault !== undefined) violations.add('tensor-data', where(), fault);
  }

  return {
    nameStart,
    nameEnd,
    type,
    dims,
    elements,
    bytes: length,
    values: (maxElements) =>
      isExternal || !(elements <= maxElements)
        ? undefined
        : readValues(bytes, type, elements, rawStart, rawEnd, start, end),
  };
}

function entriesOf(cursor: Cursor, bytes: Uint8Array): number {
  if (cursor.field === 6 || cursor.wire !== 2) return 1;
  if (cursor.field === 4) return (cursor.end - cursor.start) / 4;
  if (cursor.field === 10) return (cursor.end - cursor.start) / 8;
  return countVarints(bytes, cursor.start, cursor.end);
}

/** Product of dims that are all sound, else `NaN`. No dims are a scalar. */
export function elementsOf(dims: readonly number[]): number {
  let product = 1;
  for (const dim of dims) if (!(dim >= 0 && Number.isSafeInteger(dim))) return NaN;
  if (dims.includes(0)) return 0;
  for (const dim of dims) product *= dim;
  return Number.isSafeInteger(product) ? product : NaN;
}

interface InlineData {
  readonly raw: number | undefined;
  readonly dataField: number;
  readonly entries: number;
  readonly isMixed: boolean;
}

/** What is wrong with the data that stands in the file. */
function dataFault(
  known: ReturnType<typeof dataType>,
  elements: number,
  length: number,
  { raw, dataField, entries, isMixed }: InlineData,
): string | undefined {
  if (known === undefined || Number.isNaN(elements)) return undefined;
  if (isMixed || (raw !== undefined && dataField !== 0))
    return 'expected data in one field, found it in several';
  if (raw !== undefined) {
    if (known.name === 'string') return 'expected strings one by one, found raw bytes';
    return raw === length ? undefined : `expected ${length} bytes of data for its dimensions, found ${raw}`;
  }
  if (dataField !== 0 && dataField !== known.field) {
    return `expected ${known.name} in field ${known.field}, found field ${dataField}`;
  }
  const expected = Math.ceil(elements * known.perElement);
  return entries === expected
    ? undefined
    : `expected ${expected} values for its dimensions, found ${entries}`;
}

/** The values of a small tensor of a type that shapes, repeats, pads, scales and the like come in. */
function readValues(
  bytes: Uint8Array,
  type: number,
  elements: number,
  rawStart: number,
  rawEnd: number,
  start: number,
  end: number,
): readonly number[] | undefined {
  const values =
    rawStart === -1 ? readTyped(bytes, type, start, end) : readRaw(bytes, type, rawStart, rawEnd);
  return values?.length === elements ? values : undefined;
}

function readRaw(bytes: Uint8Array, type: number, start: number, end: number): readonly number[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start);
  const read = RAW_READERS.get(type);
  if (read === undefined) return undefined;
  const [size, at] = read;
  return Array.from({ length: Math.floor((end - start) / size) }, (_, index) => at(view, index * size));
}

/** Bytes of an element and how it is read, by TensorProto.DataType. */
const RAW_READERS: ReadonlyMap<
  number,
  readonly [size: number, at: (view: DataView, offset: number) => number]
> = new Map<number, readonly [number, (view: DataView, offset: number) => number]>([
  [1, [4, (view, offset) => view.getFloat32(offset, true)]],
  [2, [1, (view, offset) => view.getUint8(offset)]],
  [3, [1, (view, offset) => view.getInt8(offset)]],
  [6, [4, (view, offset) => view.getInt32(offset, true)]],
  [7, [8, (view, offset) => Number(view.getBigInt64(offset, true))]],
  [9, [1, (view, offset) => view.getUint8(offset)]],
  [11, [8, (view, offset) => view.getFloat64(offset, true)]],
]);

function readTyped(
  bytes: Uint8Array,
  type: number,
  start: number,
  end: number,
): readonly number[] | undefined {
  const field = dataType(type)?.field;
  if (field === undefined || field === 6 || !RAW_READERS.has(type)) return undefined;
  const values: number[] = [];
  const cursor = new Cursor(bytes).open(start, end);
  while (cursor.next()) {
    if (cursor.field !== field) continue;
    if (field === 4 || field === 10) values.push(...(readRaw(bytes, type, cursor.start, cursor.end) ?? []));
    else if (cursor.wire === 0) values.push(cursor.int());
    else forEachVarint(bytes, cursor.start, cursor.end, (value) => values.push(value));
  }
  return values;
}
