import { bounded, hasOpen, known } from './known-value.ts';
import type { OperatorCall } from './operator-call.ts';
import { fromFront, noMoreThanFirst, one, type SizeRule } from './size-rule.ts';

// Operators that shapes are computed with: dims and small values are followed exactly.

/** The shape of a value whose dims are not followed: a runtime may well know it, and compute with it in advance. */
const SOME_SHAPE = bounded(true, 64, 16);
const SOME_NUMBER = bounded(true, 64, 1);

export const shapeOf: SizeRule = (call) => {
  const dims = call.inputs[0]?.dims;
  if (dims === undefined) return call.isTraced || call.inputs[0]?.isConstant === true ? one(SOME_SHAPE) : [];
  const start = fromFront(call.int('start') ?? 0, dims.length);
  const end = fromFront(call.int('end') ?? dims.length, dims.length);
  const values = dims.slice(Math.max(0, start), Math.max(0, end));
  return one(known(!hasOpen(values), 64, [values.length], values, true));
};

export const sizeOfAll: SizeRule = (call) => {
  const [data] = call.inputs;
  if (data?.dims !== undefined && hasOpen(data.dims)) return one(known(false, 64, [], [NaN], true));
  if (data?.elements !== undefined && data.dims !== undefined)
    return one(known(true, 64, [], [data.elements], true));
  return call.isTraced || data?.isConstant === true ? one(SOME_NUMBER) : [];
};

export const concat: SizeRule = (call) => {
  const inputs = call.inputs.filter((input) => input !== undefined);
  if (inputs.length === 0 || inputs.length < call.inputs.length) return [];
  const bits = Math.max(...inputs.map((input) => input.bits));
  const [first] = inputs;
  const axis = fromFront(call.int('axis') ?? 1, first?.dims?.length ?? 0);
  if (first?.dims === undefined || inputs.some((input) => input.dims?.length !== first.dims!.length)) {
    const total = inputs.reduce((sum, input) => sum + (input.elements ?? NaN), 0);
    return one(bounded(call.isConstant, bits, Number.isNaN(total) ? undefined : total));
  }
  // What one input leaves open another may say.
  const dims = first.dims.map((dim, at) =>
    Number.isNaN(dim) ? (inputs.find((input) => !Number.isNaN(input.dims![at]!))?.dims![at] ?? NaN) : dim,
  );
  dims[axis] = inputs.reduce((sum, input) => sum + (input.dims![axis] ?? 0), 0);
  const isList =
    dims.length === 1 && (dims[0] ?? 0) <= 256 && inputs.every(({ values }) => values !== undefined);
  return one(
    known(
      call.isConstant,
      bits,
      dims,
      isList ? inputs.flatMap(({ values }) => values!) : undefined,
      inputs.every((input) => input.isInteger),
    ),
  );
};

export const reshape: SizeRule = (call) => {
  const [data] = call.inputs;
  if (data === undefined) return [];
  const shape = call.inputs.length > 1 ? call.inputs[1]?.values : call.ints('shape');
  const isPlain = call.int('allowzero') !== 1;
  // Which of two that are open is the other one, nobody knows here.
  const isTied = shape?.includes(-1) === true && hasOpen(shape);
  if (shape === undefined || isTied || (data.dims === undefined && shape.some((dim) => dim <= 0))) {
    return one(bounded(call.isConstant, data.bits, data.elements));
  }
  const kept = (axis: number): boolean => isPlain && shape[axis] === 0;
  const dims = shape.map((dim, axis) => (kept(axis) ? (data.dims?.[axis] ?? 0) : dim));
  // Axes that are kept cancel, so that the rest can be known where they are open.
  const given = (data.dims ?? []).filter((_, axis) => !kept(axis));
  const others = dims.filter((dim, axis) => dim !== -1 && !kept(axis));
  const [all, rest] = [product(given), product(others)];
  const filled = dims.map((dim) => (dim === -1 ? Math.floor(all / Math.max(rest, 1)) : dim));
  return one(known(call.isConstant, data.bits, filled, data.values, data.isInteger));
};

const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);

const axesOf = (call: OperatorCall): readonly number[] | undefined =>
  call.ints('axes') ?? call.inputs[1]?.values;

const hasAxes = (call: OperatorCall): boolean => call.inputs.length > 1 && call.isGiven(1);

export const squeeze: SizeRule = (call) => {
  const [data] = call.inputs;
  if (data?.dims === undefined) return noMoreThanFirst(call);
  const rank = data.dims.length;
  const axes = axesOf(call)?.map((axis) => fromFront(axis, rank));
  // Without axes every dim of 1 goes, and whether an open one is 1 nobody knows.
  if (axes === undefined && (hasAxes(call) || hasOpen(data.dims))) return noMoreThanFirst(call);
  const dims = data.dims.filter((dim, axis) => (axes === undefined ? dim !== 1 : !axes.includes(axis)));
  return one(known(call.isConstant, data.bits, dims, data.values, data.isInteger));
};

export const unsqueeze: SizeRule = (call) => {
  const [data] = call.inputs;
  const axes = axesOf(call);
  if (data?.dims === undefined || axes === undefined || axes.length > 64) return noMoreThanFirst(call);
  const rank = data.dims.length + axes.length;
  const places = new Set(axes.map((axis) => fromFront(axis, rank)));
  const rest = [...data.dims];
  const dims = Array.from({ length: rank }, (_, axis) => (places.has(axis) ? 1 : (rest.shift() ?? 1)));
  return one(known(call.isConstant, data.bits, dims, data.values, data.isInteger));
};

export const transpose: SizeRule = (call) => {
  const [data] = call.inputs;
  if (data?.dims === undefined) return noMoreThanFirst(call);
  const order = call.ints('perm') ?? data.dims.map((_, axis) => data.dims!.length - 1 - axis);
  const dims = order.map((axis) => data.dims![axis] ?? 1);
  return one(
    known(call.isConstant, data.bits, dims, data.dims.length < 2 ? data.values : undefined, data.isInteger),
  );
};

export const slice: SizeRule = (call) => {
  const [data] = call.inputs;
  if (data?.dims === undefined) return noMoreThanFirst(call);
  const hasInputs = call.inputs.length > 1;
  const starts = hasInputs ? call.inputs[1]?.values : call.ints('starts');
  const ends = hasInputs ? call.inputs[2]?.values : call.ints('ends');
  const axes = hasInputs ? call.inputs[3]?.values : call.ints('axes');
  const steps = call.inputs[4]?.values;
  const isReadable =
    starts !== undefined &&
    ends !== undefined &&
    !hasOpen([...starts, ...ends, ...(axes ?? [])]) &&
    (steps ?? []).every((step) => step === 1) &&
    (axes !== undefined || !call.isGiven(3) || !hasInputs) &&
    (steps !== undefined || !call.isGiven(4));
  if (!isReadable) return noMoreThanFirst(call);
  const dims = [...data.dims];
  // What is left of an open dim may be known all the same.
  const isCut = starts.some((_, index) => Number.isNaN(dims[fromFront(axes?.[index] ?? index, dims.length)]));
  if (isCut) return noMoreThanFirst(call);
  let values = data.values;
  starts.forEach((from, index) => {
    const axis = fromFront(axes?.[index] ?? index, dims.length);
    const dim = dims[axis];
    if (dim === undefined) return;
    const clamp = (place: number): number => Math.min(dim, Math.max(0, fromFront(place, dim)));
    const start = clamp(from);
    const end = Math.max(start, clamp(ends[index] ?? dim));
    dims[axis] = end - start;
    values = dims.length === 1 ? values?.slice(start, end) : undefined;
  });
  return one(known(call.isConstant, data.bits, dims, values, data.isInteger));
};

export const gather: SizeRule = (call) => {
  const [data, indices] = call.inputs;
  if (data === undefined || indices === undefined) return [];
  if (data.dims === undefined || indices.dims === undefined) {
    return one(
      bounded(call.isConstant, data.bits, (data.elements ?? NaN) * (indices.elements ?? NaN) || undefined),
    );
  }
  const axis = fromFront(call.int('axis') ?? 0, data.dims.length);
  const dims = [...data.dims.slice(0, axis), ...indices.dims, ...data.dims.slice(axis + 1)];
  const values =
    data.dims.length === 1 && data.values !== undefined
      ? indices.values?.map((index) => (Number.isNaN(index) ? NaN : (data.values!.at(index) ?? NaN)))
      : undefined;
  return one(known(call.isConstant, data.bits, dims, values, data.isInteger));
};
