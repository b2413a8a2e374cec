import { Cursor } from './cursor.ts';
import type { Inspection } from './inspection.ts';
import { quoted, type OnnxViolationCode } from './violation.ts';

/** A place in a file beside the model where the data of one tensor stands. */
export interface OnnxExternalData {
  /** Name of the tensor, as the model gives it. */
  readonly tensor: string;
  /** Relative to the model's folder, as the model names it. */
  readonly location: string;
  /** Bytes before the data. */
  readonly offset: number;
  /** Bytes of the data. */
  readonly length: number;
}

/** An entry of TensorProto.external_data, as it stands in the model. */
export interface ExternalReference {
  readonly start: number;
  readonly end: number;
}

/** `checksum` is SHA-1 and nobody's promise: known, and not believed. */
const KEYS: ReadonlySet<string> = new Set(['location', 'offset', 'length', 'checksum', 'basepath']);

/** How ONNX Runtime names memory of its own; a model that says so would read any address. */
const ADDRESS_MARKER = '_ORT_MEM_ADDR_';

interface Fault {
  readonly code: OnnxViolationCode;
  readonly message: string;
}

/**
 * Checks where a tensor says that its data is, and records it.
 *
 * @param required - Bytes that its type and dims ask for.
 * @see https://github.com/onnx/onnx/blob/main/docs/ExternalDataSecurity.md
 */
export function externalFault(
  inspection: Inspection,
  references: readonly ExternalReference[],
  required: number,
  nameStart: number,
  nameEnd: number,
): Fault | undefined {
  const entries = new Map<string, string>();
  for (const { start, end } of references) {
    const [key, value] = readEntry(inspection, start, end);
    if (!KEYS.has(key)) {
      return { code: 'external-data-key', message: `expected a key of external data, found ${quoted(key)}` };
    }
    if (entries.has(key)) {
      return { code: 'external-data-key', message: `expected ${quoted(key)} once, found it twice` };
    }
    entries.set(key, value);
  }
  const location = entries.get('location') ?? '';
  const fault = locationFault(location, entries.get('basepath'));
  if (fault !== undefined) return fault;

  const offset = parseCount(entries.get('offset') ?? '0');
  const length = parseCount(entries.get('length') ?? String(required));
  if (offset === undefined || length === undefined || !Number.isSafeInteger(offset + length)) {
    const found = `offset ${quoted(entries.get('offset') ?? '0')}, length ${quoted(entries.get('length') ?? '')}`;
    return { code: 'external-data-range', message: `expected decimal numbers of bytes, found ${found}` };
  }
  inspection.addExternalData({ tensor: inspection.text(nameStart, nameEnd), location, offset, length });
  if (length !== required) {
    const message = `expected ${required} bytes for its dimensions, found a length of ${length}`;
    return { code: 'external-data-length', message };
  }
  if (!inspection.profile.externalData) {
    return { code: 'external-data-forbidden', message: 'expected all data inside the file' };
  }
  const size = inspection.externalFiles.get(location);
  if (size === undefined) {
    const message = `expected a file that was given with the model, found ${quoted(location)}`;
    return { code: 'external-data-unlisted', message };
  }
  if (offset + length > size) {
    const message = `expected data inside the ${size} bytes of the file, found it to end at ${offset + length}`;
    return { code: 'external-data-range', message };
  }
  return undefined;
}

function readEntry(inspection: Inspection, start: number, end: number): readonly [string, string] {
  const cursor = new Cursor(inspection.bytes).open(start, end);
  let key = '';
  let value = '';
  while (cursor.next()) {
    if (cursor.field === 1) key = inspection.text(cursor.start, cursor.end);
    else if (cursor.field === 2) value = inspection.text(cursor.start, cursor.end);
  }
  return [key, value];
}

function locationFault(location: string, basepath: string | undefined): Fault | undefined {
  if (location.includes(ADDRESS_MARKER)) {
    return {
      code: 'external-data-address',
      message: 'expected a file, found the mark of an address in memory',
    };
  }
  const expected =
    basepath !== undefined && basepath !== ''
      ? 'no base path'
      : location === ''
        ? 'a location'
        : /^[a-z][a-z0-9+.-]*:/i.test(location)
          ? 'a path, and neither a URL nor a drive'
          : isContained(location)
            ? undefined
            : 'a relative, normalised path below the model';
  if (expected === undefined) return undefined;
  return { code: 'external-data-location', message: `expected ${expected}, found ${quoted(location)}` };
}

/** Relative, `/`-separated and normalised, with nothing that some system reads as a separator or an end. */
function isContained(location: string): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are what it refuses
  if (/[\u0000-\u001f\u007f-\u009f\\:]/u.test(location)) return false;
  return location
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..' && !/[. ]$/.test(part));
}

/** A number of bytes in plain decimal, as `Number` and other parsers read it alike. */
function parseCount(text: string): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
