import { dataType } from './data-type.ts';
import { bounded, broadcast, known, type KnownValue } from './known-value.ts';
import { bare, one, type SizeRule } from './size-rule.ts';

// Operators that make one element of each element they are given.

/** One output, as wide as the first input. */
export const sameAsFirst: SizeRule = (call) => {
  const [first] = call.inputs;
  if (first === undefined) return [];
  // Shared along a chain of such operators: a graph has hundreds of thousands.
  return one(first.isConstant || first.values !== undefined ? bare(first, call.isConstant) : first);
};

/** @param typed - The first input that has the type of the result. */
export const elementwise =
  (compute?: (...values: readonly number[]) => number, typed = 0): SizeRule =>
  (call) => {
    const inputs = call.inputs.filter((input) => input !== undefined);
    if (inputs.length === 0 || inputs.length < call.inputs.length) return [];
    const bits = Math.max(...inputs.map((input) => input.bits));
    // Before version 7 an attribute, not the dims alone, said how the second is spread over the first.
    const shapes = (call.opset < 7 ? inputs.slice(0, 1) : inputs).map((input) => input.dims);
    if (!shapes.every((dims) => dims !== undefined)) {
      const product = inputs.reduce((total, input) => total * (input.elements ?? NaN), 1);
      return one(bounded(call.isConstant, bits, Number.isNaN(product) ? undefined : product));
    }
    const dims = broadcast(shapes);
    const [first] = inputs;
    // Shared as well, where there are no values to compute.
    const isRunning = first !== undefined && !first.isConstant && first.values === undefined;
    if (isRunning && inputs.every((input) => input === first)) return one(first);
    const isInteger = inputs.slice(typed).every((input) => input.isInteger);
    const values = compute === undefined ? undefined : computeValues(inputs, dims, compute);
    const followed = isInteger ? values?.map(Math.trunc) : values;
    const isExact = followed?.every((value) => !isInteger || isExactInteger(value, bits, call.isConstant));
    return one(known(call.isConstant, bits, dims, isExact === true ? followed : undefined, isInteger));
  };

/** An integer that wraps is another number: from there on nothing is known. One that is open stays open. */
function isExactInteger(value: number, bits: number, isConstant: boolean): boolean {
  const highest = Math.min(2 ** (bits - 1), Number.MAX_SAFE_INTEGER);
  return Number.isNaN(value) ? !isConstant : Math.abs(value) < highest;
}

/** Only vectors and scalars: what shapes are computed from. */
function computeValues(
  inputs: readonly KnownValue[],
  dims: readonly number[],
  compute: (...values: readonly number[]) => number,
): readonly number[] | undefined {
  if (dims.length > 1 || (dims[0] ?? 1) > 256 || inputs.some(({ values }) => values === undefined))
    return undefined;
  return Array.from({ length: dims[0] ?? 1 }, (_, index) =>
    compute(...inputs.map(({ values }) => values![values!.length === 1 ? 0 : index] ?? NaN)),
  );
}

export const likeFirst: SizeRule = (call) => {
  const [first] = call.inputs;
  return first === undefined ? [] : one({ ...bare(first, false), bits: 64 });
};

export const likeSecond: SizeRule = (call) => {
  const [data, indices] = call.inputs;
  if (data === undefined || indices === undefined) return [];
  return one({ ...bare(indices, call.isConstant), bits: data.bits });
};

/** As many elements as the first input has, each as wide as can be. */
export const widened: SizeRule = (call) => {
  const [first] = call.inputs;
  return first === undefined ? [] : one({ ...bare(first, call.isConstant), bits: 64 });
};

export const cast: SizeRule = (call) => {
  const [data] = call.inputs;
  if (data === undefined) return [];
  const to = dataType(call.int('to') ?? 0);
  const bits = to?.bits ?? 64;
  const isWhole = to !== undefined && /^u?int/.test(to.name);
  const cut =
    to?.name === 'bool' ? undefined : data.values?.map((value) => (isWhole ? Math.trunc(value) : value));
  // One that does not fit wraps, and what it then is depends on the machine.
  const isExact = !isWhole || cut?.every((value) => isExactInteger(value, bits, call.isConstant));
  return one({ ...data, bits, values: isExact === true ? cut : undefined, isInteger: isWhole });
};
