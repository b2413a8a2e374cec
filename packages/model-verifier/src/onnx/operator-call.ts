import { Cursor } from './cursor.ts';
import { dataType } from './data-type.ts';
import type { Inspection } from './inspection.ts';
import { known, MAX_VALUES, type KnownValue } from './known-value.ts';
import type { PlaceList } from './place-list.ts';
import { readTensor, type TensorView } from './tensor.ts';

/** One node as the rules of load cost see it. Attributes are read when asked for. */
export class OperatorCall {
  /** Version of the operator set in force; 0 where it is not imported. */
  readonly opset: number;
  /** What is known of each input; `undefined` where the input is left out or made while running. */
  readonly inputs: readonly (KnownValue | undefined)[];
  /** How many outputs it names. */
  readonly outputs: number;
  /** Whether what is not followed counts as a constant wherever a runtime might infer it. */
  readonly isTraced: boolean;
  /** Whether every input that is there is a constant, and there is one. One that is left out is no obstacle. */
  readonly isConstant: boolean;
  /** Whether a size could not be bounded although it is fixed in the model. */
  isUnbounded = false;
  /** Whether a `Constant` takes more than the file gives it. */
  isMade = false;
  readonly #inspection: Inspection;
  /** Place of each attribute: start, end, start, end … */
  readonly #attributes: readonly number[];
  readonly #path: string;
  readonly #ins: PlaceList;

  constructor(
    inspection: Inspection,
    opset: number,
    inputs: readonly (KnownValue | undefined)[],
    outputs: number,
    attributes: readonly number[],
    isConstant: boolean,
    path: string,
    ins: PlaceList,
  ) {
    this.#inspection = inspection;
    this.opset = opset;
    this.inputs = inputs;
    this.outputs = outputs;
    this.#attributes = attributes;
    this.isConstant = isConstant;
    this.#path = path;
    this.#ins = ins;
    this.isTraced = !inspection.profile.untracedSizes;
  }

  /** Whether this input is named at all, known or not. */
  isGiven(index: number): boolean {
    return index < this.#ins.count && this.#ins.at[index * 2] !== this.#ins.at[index * 2 + 1];
  }

  /** The values of an input that fixes a size. A constant whose values are not known makes the call unbounded. */
  sizes(index: number): readonly number[] | undefined {
    const input = this.inputs[index];
    if (input === undefined) return undefined;
    if (input.values === undefined && input.isConstant && input.elements !== 0) this.isUnbounded = true;
    return input.values;
  }

  int(name: string): number | undefined {
    return this.ints(name)?.[0];
  }

  ints(name: string): readonly number[] | undefined {
    const found = this.#find(name);
    if (found === undefined) return undefined;
    const values: number[] = [];
    while (found.next()) if (found.field === 3 || found.field === 8) found.pushInts(values);
    return values;
  }

  floats(name: string): readonly number[] | undefined {
    const found = this.#find(name);
    if (found === undefined) return undefined;
    const { bytes } = this.#inspection;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const values: number[] = [];
    while (found.next()) {
      if (found.field !== 2 && found.field !== 7) continue;
      for (let at = found.start; at < found.end; at += 4) values.push(view.getFloat32(at, true));
    }
    return values;
  }

  /** A text, if it is short enough to be one of the words that the standard has. */
  text(name: string): string | undefined {
    const found = this.#find(name);
    if (found === undefined) return undefined;
    while (found.next()) {
      if (found.field === 4 && found.end - found.start < 64)
        return this.#inspection.text(found.start, found.end);
    }
    return undefined;
  }

  /** Dims of a sparse tensor in an attribute, which a session makes dense. */
  sparseDims(name: string): readonly number[] | undefined {
    const found = this.#find(name);
    if (found === undefined) return undefined;
    while (found.next()) {
      if (found.field !== 22) continue;
      const inner = new Cursor(this.#inspection.bytes).open(found.start, found.end);
      const dims: number[] = [];
      while (inner.next()) if (inner.field === 3 && dims.length <= 64) inner.pushInts(dims);
      return dims;
    }
    return undefined;
  }

  /** What is known of a tensor in an attribute. */
  tensor(name: string): KnownValue | undefined {
    const found = this.#find(name);
    if (found === undefined) return undefined;
    while (found.next()) {
      if (found.field !== 5 && found.field !== 22) continue;
      if (found.field === 22) return undefined;
      // Already checked where the node's attributes were: read again without a second count.
      const quiet = this.#inspection.quiet();
      const tensor = readTensor(quiet, found.start, found.end, this.#path);
      return knownTensor(tensor);
    }
    return undefined;
  }

  #find(name: string): Cursor | undefined {
    const cursor = new Cursor(this.#inspection.bytes);
    for (let index = 0; index < this.#attributes.length; index += 2) {
      const start = this.#attributes[index]!;
      const end = this.#attributes[index + 1]!;
      cursor.open(start, end);
      while (cursor.next()) {
        if (cursor.field === 1 && this.#inspection.text(cursor.start, cursor.end) === name) {
          return cursor.open(start, end);
        }
      }
    }
    return undefined;
  }
}

/** A tensor that stands in the model. */
export function knownTensor(tensor: TensorView): KnownValue {
  const type = dataType(tensor.type);
  const isInteger = type !== undefined && /^u?int/.test(type.name);
  return known(true, type?.bits ?? 64, tensor.dims, tensor.values(MAX_VALUES), isInteger);
}
