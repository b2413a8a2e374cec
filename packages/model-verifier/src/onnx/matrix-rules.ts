import { bounded, broadcast, known } from './known-value.ts';
import { one, type SizeRule } from './size-rule.ts';

/** As many elements as the first two inputs have when multiplied. */
export const product: SizeRule = (call) => {
  const [data, indices] = call.inputs;
  const elements = (data?.elements ?? NaN) * (indices?.elements ?? NaN);
  return one(bounded(call.isConstant, data?.bits ?? 64, Number.isNaN(elements) ? undefined : elements));
};

/** @param second - The input that is the right matrix. */
export const matMul =
  (second: number): SizeRule =>
  (call) => {
    const a = call.inputs[0];
    const b = call.inputs[second];
    if (a === undefined || b === undefined) return [];
    const bits = Math.max(a.bits, b.bits, 32);
    if (a.dims === undefined || b.dims === undefined) {
      return one(bounded(call.isConstant, bits, (a.elements ?? NaN) * (b.elements ?? NaN) || undefined));
    }
    const left = a.dims.length === 1 ? [1, ...a.dims] : a.dims;
    const right = b.dims.length === 1 ? [...b.dims, 1] : b.dims;
    const rows = a.dims.length === 1 ? [] : [left.at(-2) ?? 1];
    const columns = b.dims.length === 1 ? [] : [right.at(-1) ?? 1];
    const batch = broadcast([left.slice(0, -2), right.slice(0, -2)]);
    return one(known(call.isConstant, bits, [...batch, ...rows, ...columns]));
  };

export const gemm: SizeRule = (call) => {
  const [a, b] = call.inputs;
  if (a?.dims === undefined || b?.dims === undefined) return product(call);
  const rows = a.dims[call.int('transA') === 1 ? 1 : 0] ?? 1;
  const columns = b.dims[call.int('transB') === 1 ? 0 : 1] ?? 1;
  return one(known(call.isConstant, Math.max(a.bits, b.bits), [rows, columns]));
};
