import { known, OPAQUE } from './known-value.ts';
import type { OperatorCall } from './operator-call.ts';
import { atLeast, closed, fromFront, one, shaped, sizeOnly, type SizeRule } from './size-rule.ts';

/** Inputs: data, roi, scales, sizes (version 10 and Upsample: data, scales; Upsample before 9: an attribute). */
export const resize: SizeRule = (call) => {
  const [data] = call.inputs;
  const bits = data?.bits ?? 32;
  const sizes = call.inputs.length > 3 ? call.sizes(3) : undefined;
  if (sizes !== undefined && sizes.length > 0) return toSizes(call, sizes);
  const scales =
    call.inputs.length === 1 ? call.floats('scales') : call.sizes(call.inputs.length === 2 ? 1 : 2);
  const axes = call.ints('axes');
  if (scales === undefined || scales.length === 0) return one(shaped(call, undefined, bits, call.isConstant));
  const isOpen = call.inputs.length > 1 && call.inputs[call.inputs.length === 2 ? 1 : 2]?.isConstant !== true;
  if (scales.some((scale) => (!Number.isFinite(scale) && !(isOpen && Number.isNaN(scale))) || scale < 0)) {
    call.isUnbounded = true;
    return one(OPAQUE);
  }
  // What is cut out first scales the size as well.
  const isCropped = call.text('coordinate_transformation_mode') === 'tf_crop_and_resize';
  if (data?.dims === undefined || (isCropped && !call.isConstant)) {
    const least = scales.map((scale) => Math.max(1, Math.floor(scale)));
    return one(sizeOnly(call, least, bits));
  }
  const scaled = (from: readonly number[]): readonly number[] => {
    const dims = [...from];
    scales.forEach((scale, index) => {
      const axis = fromFront(axes?.[index] ?? index, dims.length);
      // In single precision, as runtimes do.
      dims[axis] = Math.floor(Math.fround((dims[axis] ?? 1) * scale));
    });
    return dims;
  };
  const least = scaled(closed(data.dims)).map((dim) => (dim >= 1 ? dim : 1));
  return one(atLeast(call, bits, scaled(data.dims), least));
};

function toSizes(call: OperatorCall, sizes: readonly number[]): ReturnType<SizeRule> {
  const [data] = call.inputs;
  const bits = data?.bits ?? 32;
  const axes = call.ints('axes');
  if (data?.dims === undefined) return one(sizeOnly(call, sizes, bits));
  const dims = [...data.dims];
  const targets = sizes.map((size, index) => ({
    axis: fromFront(axes?.[index] ?? index, dims.length),
    size,
  }));
  const policy = call.text('keep_aspect_ratio_policy') ?? 'stretch';
  if (policy === 'stretch') {
    for (const { axis, size } of targets) dims[axis] = size;
    return one(known(call.isConstant, bits, dims));
  }
  // Any other policy scales all axes alike, some of them past what is asked for.
  const scale = Math.max(...targets.map(({ axis, size }) => size / Math.max(dims[axis] ?? 1, 1)));
  for (const { axis } of targets) dims[axis] = Math.round((dims[axis] ?? 1) * scale);
  return one(call.isConstant ? known(true, bits, dims) : sizeOnly(call, dims, bits));
}
