import { z } from 'zod';
import { SanitizeError } from './errors.ts';
import { parseOptions } from './parse-options.ts';
import { defineInputSpec, RESAMPLES } from './spec.ts';
import type { Geometry, InputSpec, Resample } from './spec.ts';
import { ELEMENT_BYTES } from './tensor.ts';

/** The whole numbers that a request may choose for one parameter: `min`, `min + step`, … up to `max`. */
export interface ParameterRange {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

/** One transform that a request may name. A range of one number need not be said in the request. */
export type AllowedTransform = {
  /** The resamplers a request may choose among; the first is used when it names none. */
  readonly resample: readonly Resample[];
} & (
  | { readonly geometry: 'stretch'; readonly width: ParameterRange; readonly height: ParameterRange }
  | {
      readonly geometry: 'resizeShort';
      readonly short: ParameterRange;
      readonly width: ParameterRange;
      readonly height: ParameterRange;
    }
  | {
      readonly geometry: 'letterbox';
      readonly width: ParameterRange;
      readonly height: ParameterRange;
      readonly fill: number | readonly [red: number, green: number, blue: number];
    }
  | { readonly geometry: 'none' }
);

/** What strangers may ask of one spec. Frozen plain data: its JSON form parses to itself. */
export interface AllowedTransforms {
  /** Everything but the geometry of a chosen transform comes from here. */
  readonly spec: InputSpec;
  /** Bytes of the largest tensor that a request can ask for. Default 16 MiB. */
  readonly maxTensorBytes: number;
  /** By the name that a request says. */
  readonly transforms: Readonly<Record<string, AllowedTransform>>;
}

const DEFAULT_MAX_TENSOR_BYTES = 16 * 1024 * 1024;

const rangeSchema = z.union(
  [
    z
      .int()
      .min(1)
      .transform((value) => Object.freeze({ min: value, max: value, step: 1 })),
    z
      .strictObject({ min: z.int().min(1), max: z.int().min(1), step: z.int().min(1).default(1) })
      .refine(({ min, max }) => min <= max, { error: 'min must not exceed max' })
      .readonly(),
  ],
  { error: 'one whole number, or {min, max, step} of whole numbers, min not above max' },
);

const resample = z
  .array(z.enum(RESAMPLES))
  .min(1)
  .default(() => ['pil-bilinear' as const])
  .readonly();
const byte = z.int().min(0).max(255);

const transformSchema = z.discriminatedUnion('geometry', [
  z
    .strictObject({ geometry: z.literal('stretch'), width: rangeSchema, height: rangeSchema, resample })
    .readonly(),
  z
    .strictObject({
      geometry: z.literal('resizeShort'),
      short: rangeSchema,
      width: rangeSchema,
      height: rangeSchema,
      resample,
    })
    .readonly(),
  z
    .strictObject({
      geometry: z.literal('letterbox'),
      width: rangeSchema,
      height: rangeSchema,
      fill: z.union([byte, z.tuple([byte, byte, byte]).readonly()]).default(0),
      resample,
    })
    .readonly(),
  z.strictObject({ geometry: z.literal('none'), resample }).readonly(),
]);

const listSchema = z.strictObject({
  spec: z.unknown(),
  maxTensorBytes: z.int().min(1).default(DEFAULT_MAX_TENSOR_BYTES),
  transforms: z
    .custom((value) => typeof value !== 'object' || value === null || !Object.hasOwn(value, '__proto__'), {
      // The parser behind it would leave this key out without a word.
      error: 'another name than __proto__',
    })
    .pipe(
      z
        .record(
          z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, {
            error: 'a name of small letters, digits and hyphens, 64 at most',
          }),
          transformSchema,
        )
        .refine((transforms) => Object.keys(transforms).length > 0, { error: 'at least one transform' })
        .readonly(),
    ),
});

const requestSchema = z.strictObject({
  transform: z.string(),
  width: z.int().optional(),
  height: z.int().optional(),
  short: z.int().optional(),
  resample: z.string().optional(),
});

type Request = z.output<typeof requestSchema>;
type Parameter = 'width' | 'height' | 'short';

/** What each geometry has to be told. */
const PARAMETERS: Readonly<Record<AllowedTransform['geometry'], readonly Parameter[]>> = {
  stretch: ['width', 'height'],
  resizeShort: ['short', 'width', 'height'],
  letterbox: ['width', 'height'],
  none: [],
};

/** What {@link defineTransforms} gave: checked and frozen. */
const defined = new WeakSet<object>();

function isDefined(json: unknown): json is AllowedTransforms {
  return typeof json === 'object' && json !== null && defined.has(json);
}

/**
 * Parses the list of transforms that requests may choose among, and checks that each can be used: sides within what a
 * spec may ask for, its smallest tensor within `maxTensorBytes`, and the largest too where the picture decides the size.
 *
 * @param json - Already parsed JSON, or a literal. Written by the author of the app, not by a stranger.
 * @throws {SanitizeError} `ERR_INPUT_SPEC`, naming the first wrong keys.
 */
export function defineTransforms(json: unknown): AllowedTransforms {
  if (isDefined(json)) return json;
  const parsed = parseOptions(listSchema, json, 'a list of transforms');
  const spec = defineInputSpec(parsed.spec);
  const { maxTensorBytes, transforms } = parsed;
  for (const [name, transform] of Object.entries(transforms)) {
    checkUsable(name, transform, spec, maxTensorBytes);
  }
  const allowed = Object.freeze({ spec, maxTensorBytes, transforms });
  defined.add(allowed);
  return allowed;
}

/**
 * Reads a stranger's wish, for example `{"transform":"tile","width":640,"height":480}`, against the list. Every key but
 * `transform` and the parameters of that transform is refused; a parameter with more than one value must be given.
 *
 * @param allowed - From {@link defineTransforms}; what is not is parsed again, which may throw `ERR_INPUT_SPEC`.
 * @param request - Already parsed JSON. Untrusted; no part of it but numbers is repeated in a message.
 * @returns The list's spec with the chosen geometry. Its hash names the choice.
 * @throws {SanitizeError} `ERR_INPUT_TRANSFORM`; nothing else, on any request.
 */
export function chooseTransform(allowed: AllowedTransforms, request: unknown): InputSpec {
  const { spec, maxTensorBytes, transforms } = defineTransforms(allowed);
  const parsed = requestSchema.safeParse(request);
  if (!parsed.success) {
    throw refuse('a transform by name and its parameters', 'something else', { cause: parsed.error });
  }
  const names = Object.keys(transforms);
  const { transform: name } = parsed.data;
  const transform = Object.hasOwn(transforms, name) ? transforms[name] : undefined;
  if (transform === undefined) throw refuse(`one of the transforms ${names.join(', ')}`, 'another');
  const chosen = chooseParameters(transform, parsed.data);
  const bytes = tensorBytes(transform, chosen, spec);
  if (bytes > maxTensorBytes) {
    throw refuse(`a tensor of at most ${maxTensorBytes} bytes`, `${bytes}`);
  }
  const geometry = toGeometry(transform, chosen, chooseResample(transform, parsed.data));
  try {
    return withGeometry(spec, geometry);
  } catch (cause) {
    // What is left is a crop that the chosen short side cannot hold.
    throw refuse('sides that go together', 'some that do not', { cause });
  }
}

type Chosen = Readonly<Record<Parameter, number>>;

function chooseParameters(transform: AllowedTransform, request: Request): Chosen {
  const wanted = PARAMETERS[transform.geometry];
  const chosen = { width: 0, height: 0, short: 0 };
  for (const key of Object.keys(chosen) as Parameter[]) {
    const value = request[key];
    const range = rangeOf(transform, key);
    if (range === undefined || !wanted.includes(key)) {
      if (value !== undefined) throw refuse(`no ${key} for this transform`, 'one');
      continue;
    }
    chosen[key] = chooseNumber(key, value, range);
  }
  return chosen;
}

function rangeOf(transform: AllowedTransform, key: Parameter): ParameterRange | undefined {
  if (transform.geometry === 'none') return undefined;
  if (key === 'short') return transform.geometry === 'resizeShort' ? transform.short : undefined;
  return transform[key];
}

function chooseNumber(key: Parameter, value: number | undefined, { min, max, step }: ParameterRange): number {
  if (value === undefined && min === max) return min;
  if (value !== undefined && value >= min && value <= max && (value - min) % step === 0) return value;
  const steps = step === 1 ? '' : ` in steps of ${step}`;
  throw refuse(`${key} from ${min} to ${max}${steps}`, value === undefined ? 'none' : `${value}`);
}

function chooseResample({ resample: allowed }: AllowedTransform, { resample: wanted }: Request): Resample {
  const chosen = wanted === undefined ? allowed[0] : allowed.find((name) => name === wanted);
  if (chosen === undefined) throw refuse(`resample as one of ${allowed.join(', ')}`, 'another');
  return chosen;
}

function toGeometry(transform: AllowedTransform, chosen: Chosen, resample: Resample): Geometry {
  const box = [chosen.width, chosen.height] as const;
  switch (transform.geometry) {
    case 'stretch':
      return { stretch: box, resample };
    case 'resizeShort':
      return { resizeShort: chosen.short, crop: box, resample };
    case 'letterbox': {
      const { fill } = transform;
      return { letterbox: box, fill: typeof fill === 'number' ? [fill, fill, fill] : fill, resample };
    }
    case 'none':
      return { none: true, resample };
  }
}

function withGeometry(spec: InputSpec, geometry: Geometry): InputSpec {
  return defineInputSpec({ ...spec, geometry });
}

function tensorBytes(
  { geometry }: AllowedTransform,
  { width, height }: Chosen,
  { limits, tensor }: InputSpec,
): number {
  const pixels = geometry === 'none' ? Math.min(limits.maxPixels, limits.maxSide ** 2) : width * height;
  return pixels * (tensor.channels === 'gray' ? 1 : 3) * ELEMENT_BYTES[tensor.dtype];
}

function checkUsable(
  name: string,
  transform: AllowedTransform,
  spec: InputSpec,
  maxTensorBytes: number,
): void {
  const corner = (end: 'min' | 'max'): Chosen => ({
    width: rangeOf(transform, 'width')?.[end] ?? 0,
    height: rangeOf(transform, 'height')?.[end] ?? 0,
    short: rangeOf(transform, 'short')?.[end] ?? 0,
  });
  const bytes = tensorBytes(transform, corner('min'), spec);
  if (bytes > maxTensorBytes) {
    throw new SanitizeError(
      'ERR_INPUT_SPEC',
      `expected transforms.${name} to give tensors of at most ${maxTensorBytes} bytes, found ${bytes} or more`,
    );
  }
  const { width, height, short } = corner('max');
  const smallest = corner('min');
  try {
    const [first] = transform.resample;
    // Every side must be one that a spec may have, and some crop must fit the largest short side.
    if (transform.geometry !== 'none') withGeometry(spec, { stretch: [width, height], resample: first! });
    withGeometry(spec, toGeometry(transform, { ...smallest, short }, first!));
  } catch (cause) {
    throw new SanitizeError(
      'ERR_INPUT_SPEC',
      `expected transforms.${name} to be within what a spec allows, found ${cause instanceof Error ? cause.message : 'not'}`,
      { cause },
    );
  }
}

function refuse(expected: string, found: string, options?: ErrorOptions): SanitizeError {
  return new SanitizeError('ERR_INPUT_TRANSFORM', `expected ${expected}, found ${found}`, options);
}
