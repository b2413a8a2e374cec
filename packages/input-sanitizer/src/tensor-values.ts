import { fromHalfBits, toHalfBits } from './half.ts';
import type { TensorSpec } from './spec.ts';

/** The part of a tensor spec that decides values. */
type Values = Pick<TensorSpec, 'dtype' | 'scale' | 'mean' | 'std'>;

/** What one byte of one channel becomes in `f32`: `(value * scale - mean) / std`, each step rounded to float32. */
function floatOf(value: number, { scale, mean, std }: Values, channel: number): number {
  const centred = Math.fround(Math.fround(value * scale) - Math.fround(mean[channel]!));
  return Math.fround(centred / Math.fround(std[channel]!));
}

const floatTables = new WeakMap<Values, readonly Float32Array[]>();

/** For each channel, what each of the 256 bytes becomes, as a float32. Kept for a spec that cannot change any more. */
export function floatTablesOf(values: Values, channels: number): readonly Float32Array[] {
  const known = floatTables.get(values);
  if (known) return known;
  const tables = Array.from({ length: channels }, (_, channel) =>
    Float32Array.from({ length: 256 }, (__, value) => floatOf(value, values, channel)),
  );
  if ([values, values.mean, values.std].every((part) => Object.isFrozen(part)))
    floatTables.set(values, tables);
  return tables;
}

/** What each of the 256 bytes becomes, as the bit pattern of a binary16. */
export function halfTable(values: Values, channel: number): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, value) => toHalfBits(floatOf(value, values, channel)));
}

/** What bytes 0 and 255 become in the tensor's own precision: the ends of its range. Infinite where that cannot hold them. */
export function valueEnds(values: Values, channel: number): readonly [low: number, high: number] {
  const end = (value: number): number => {
    const float = floatOf(value, values, channel);
    return values.dtype === 'f16' ? fromHalfBits(toHalfBits(float)) : float;
  };
  return [end(0), end(255)];
}
