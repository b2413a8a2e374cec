import { z } from 'zod';
import { parseOptions } from '../parse-options.ts';
import type { Geometry, InputSpec, Pair, Resample } from '../spec.ts';
import { presetSpec, sharedOptions } from './preset.ts';
import type { PresetOptions } from './preset.ts';

/** Options of the presets that say a range of values and no more. */
export interface ValueRangeOptions extends PresetOptions {
  /** As in a spec. Default `{ none: true }`: the size of the picture. */
  readonly geometry?:
    | Geometry
    | { readonly stretch: number | Pair; readonly resample?: Resample }
    | { readonly resizeShort: number; readonly crop: number | Pair; readonly resample?: Resample }
    | {
        readonly letterbox: number | Pair;
        readonly fill?: number | readonly [number, number, number];
        readonly resample?: Resample;
      }
    | undefined;
  /** Default `rgb`. */
  readonly channels?: 'rgb' | 'bgr' | 'gray' | undefined;
}

const optionsSchema = z.strictObject({
  ...sharedOptions,
  geometry: z.object({}).loose().default({ none: true }),
  channels: z.enum(['rgb', 'bgr', 'gray']).default('rgb'),
});

/**
 * Values from 0 to 1: `value * (1/255)`.
 *
 * @throws {SanitizeError} `ERR_INPUT_SPEC`, also on an unknown key.
 */
export function unit(options: ValueRangeOptions = {}): InputSpec {
  const { geometry, channels, ...shared } = parseOptions(
    optionsSchema,
    options,
    'options of the unit preset',
  );
  return presetSpec(shared, geometry, { channels });
}

/**
 * Values from -1 to 1: `(value * (1/255) - 0.5) / 0.5`. TensorFlow's `value / 127.5 - 1` may differ in the last bit.
 *
 * @throws {SanitizeError} `ERR_INPUT_SPEC`, also on an unknown key.
 */
export function signed(options: ValueRangeOptions = {}): InputSpec {
  const { geometry, channels, ...shared } = parseOptions(
    optionsSchema,
    options,
    'options of the signed preset',
  );
  const half = channels === 'gray' ? [0.5] : [0.5, 0.5, 0.5];
  return presetSpec(shared, geometry, { channels, mean: half, std: half });
}
