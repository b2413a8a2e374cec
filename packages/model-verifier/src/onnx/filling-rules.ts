import { dataType } from './data-type.ts';
import { bounded, broadcast, hasOpen, known, OPAQUE } from './known-value.ts';
import { atLeast, closed, fromFront, one, shaped, sizeOnly, type SizeRule } from './size-rule.ts';

// Operators that make a tensor of a size that some input or attribute says.

export const constant: SizeRule = (call) => {
  const tensor = call.tensor('value');
  if (tensor !== undefined) return one(tensor);
  for (const name of ['value_int', 'value_ints']) {
    const values = call.ints(name);
    if (values !== undefined)
      return one(known(true, 64, name === 'value_int' ? [] : [values.length], values, true));
  }
  for (const name of ['value_float', 'value_floats']) {
    const values = call.floats(name);
    if (values !== undefined)
      return one(known(true, 32, name === 'value_float' ? [] : [values.length], values));
  }
  const dims = call.sparseDims('sparse_value');
  if (dims === undefined) return one(OPAQUE);
  call.isMade = true;
  return one(known(true, 64, dims));
};

export const constantOfShape: SizeRule = (call) => {
  const dims = call.sizes(0);
  const fill = call.tensor('value');
  const isConstant = call.inputs[0]?.isConstant === true;
  if (dims === undefined) return one(shaped(call, undefined, 32, isConstant));
  const made = known(isConstant, fill?.bits ?? 32, dims);
  const value = fill === undefined ? 0 : fill.values?.[0];
  if (value === undefined || made.elements === undefined || made.elements > 256) return one(made);
  const values = Array.from({ length: made.elements }, () => value);
  return one(known(isConstant, made.bits, dims, values, fill?.isInteger));
};

export const expand: SizeRule = (call) => {
  const [data] = call.inputs;
  const shape = call.sizes(1);
  if (shape === undefined) return one(shaped(call, undefined, 64, call.isConstant));
  const dims = broadcast([data?.dims ?? [], shape]);
  const bits = data?.bits ?? 64;
  return one(data?.dims === undefined ? sizeOnly(call, dims, bits) : known(call.isConstant, bits, dims));
};

export const tile: SizeRule = (call) => {
  const [data] = call.inputs;
  const repeats = call.sizes(1);
  if (repeats === undefined) return one(shaped(call, undefined, 64, call.isConstant));
  if (call.opset < 6) {
    // Version 1: how often, and along which axis.
    return one(bounded(call.isConstant, data?.bits ?? 64, (data?.elements ?? 1) * (repeats[0] ?? 1)));
  }
  const bits = data?.bits ?? 32;
  if (data?.dims === undefined) {
    // Data made while running has one element at least, or the result is empty.
    const times = repeats.reduce((total, repeat) => total * repeat, 1);
    if (call.isConstant) return one(bounded(true, bits, (data?.elements ?? 1) * times));
    return one(sizeOnly(call, repeats, bits));
  }
  const times = (dims: readonly number[]): readonly number[] =>
    repeats.map((repeat, axis) => (dims[axis] ?? 1) * repeat);
  return one(atLeast(call, bits, times(data.dims), times(closed(data.dims))));
};

export const range: SizeRule = (call) => {
  const [start, limit, delta] = [call.sizes(0), call.sizes(1), call.sizes(2)];
  const bits = Math.max(...call.inputs.map((input) => input?.bits ?? 0), 8);
  if (start === undefined || limit === undefined || delta === undefined) {
    return one(shaped(call, undefined, bits, call.isConstant));
  }
  const step = delta[0] ?? NaN;
  const first = start[0] ?? NaN;
  const count = Math.max(0, Math.ceil(((limit[0] ?? NaN) - first) / step));
  if (Number.isNaN(count) && call.isConstant) {
    call.isUnbounded = true;
    return one(OPAQUE);
  }
  const values = count <= 256 ? Array.from({ length: count }, (_, index) => first + index * step) : undefined;
  const isInteger = call.inputs.every((input) => input?.isInteger === true);
  return one(known(call.isConstant, bits, [count], values, isInteger));
};

export const pad: SizeRule = (call) => {
  const [data] = call.inputs;
  const pads = call.inputs.length > 1 ? call.sizes(1) : (call.ints('pads') ?? call.ints('paddings'));
  if (pads === undefined) return one(shaped(call, undefined, data?.bits ?? 64, call.isConstant));
  const axes = call.isGiven(3) ? call.sizes(3) : undefined;
  const half = Math.floor(pads.length / 2);
  const isPlaced = !call.isGiven(3) || (axes !== undefined && !hasOpen(axes));
  if (data?.dims === undefined || !isPlaced) {
    const dims = Array.from({ length: half }, (_, axis) =>
      Math.max(1, (pads[axis] ?? 0) + (pads[axis + half] ?? 0)),
    );
    return one(sizeOnly(call, dims, data?.bits ?? 32));
  }
  const padded = (from: readonly number[]): readonly number[] => {
    const dims = [...from];
    for (let index = 0; index < half; index++) {
      const axis = fromFront(axes?.[index] ?? index, dims.length);
      if (axis in dims)
        dims[axis] = Math.max(0, dims[axis]! + (pads[index] ?? 0) + (pads[index + half] ?? 0));
    }
    return dims;
  };
  return one(atLeast(call, data.bits, padded(data.dims), padded(closed(data.dims))));
};

/** Random tensors are made while running, in the size that the model fixes. */
export const random: SizeRule = (call) => {
  const shape = call.ints('shape');
  return shape === undefined ? [] : one(known(false, dataType(call.int('dtype') ?? 1)?.bits ?? 64, shape));
};

export const oneHot: SizeRule = (call) => {
  const [indices, , values] = call.inputs;
  const depth = call.sizes(1)?.[0];
  if (depth === undefined) return one(shaped(call, undefined, 64, call.isConstant));
  return one(bounded(call.isConstant, values?.bits ?? 64, Math.max(0, depth) * (indices?.elements ?? 1)));
};

/** Windows of a length that an input fixes. */
export const windowOf: SizeRule = (call) => {
  const size = call.sizes(0);
  return one(shaped(call, size, 64, call.inputs[0]?.isConstant === true));
};

/** The dims stand in the input of this number. */
export const shapedBy =
  (index: number): SizeRule =>
  (call) => {
    const dims = call.sizes(index);
    if (dims === undefined && call.isConstant) call.isUnbounded = true;
    return one(dims === undefined ? shaped(call, undefined, 64, call.isConstant) : sizeOnly(call, dims, 64));
  };
