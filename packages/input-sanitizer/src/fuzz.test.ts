import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { mutate, mutations, repairPng } from './__fixtures__/mutation.ts';
import type { Mutation } from './__fixtures__/mutation.ts';
import { encodedSeeds, sharedSeeds } from './__fixtures__/seeds.ts';
import type { Seed } from './__fixtures__/seeds.ts';
import { sanitizeAnimation } from './animation.ts';
import { INPUT_ERROR_CODES, SanitizeError } from './errors.ts';
import { inspectImage } from './header.ts';
import { identifyImage } from './identify.ts';
import { sanitizeImage } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';

const INSPECTIONS = 50_000;
const FULL_RUNS = 2_400;
/** Words of the decoder, of the runtime and of this machine, none of which a stranger may read. */
const INTERNALS =
  /vips|sharp|lib(?:jpeg|png|webp|heif)|nsgif|zlib|node:|\bat \S+:\d|[\\/](?:work|tmp|home|usr)\b|\.[jt]s\b|undefined|NaN|\[object|\n/i;

const spec = defineInputSpec({
  formats: ['jpeg', 'png', 'webp', 'gif'],
  // Small sides: what grows past them would only cost time here, and its refusal is tested elsewhere.
  limits: { maxFrames: 8, maxSide: 4096, maxPixels: 1_000_000 },
  geometry: { stretch: 16 },
  tensor: { layout: 'NCHW', dtype: 'f32' },
});

let seeds: readonly Seed[] = [];
let files: readonly Uint8Array[] = [];

beforeAll(async () => {
  const encoded = await encodedSeeds();
  // Many of the shared ones are broken already: sound ones are to be spoilt more often.
  seeds = [...encoded, ...encoded, ...encoded, ...sharedSeeds(4096)];
  files = seeds.map(({ bytes }) => bytes);
});

/** A seed, how it is spoilt, and whether the checksums of a PNG are made right again. */
const spoilt = fc.tuple(fc.nat({ max: 0xffff }), mutations, fc.boolean());

function spoil([which, how, repaired]: readonly [number, readonly Mutation[], boolean]): Buffer {
  const bytes = mutate(files[which % files.length]!, how, files);
  return repaired ? repairPng(bytes) : bytes;
}

/** Bytes in a form that a test can be made of. */
const replay = (bytes: Uint8Array) => `Buffer.from('${Buffer.from(bytes).toString('base64')}', 'base64')`;

/** Whatever is thrown must be ours, with a known code and a message for strangers. */
function expectOurs(error: unknown, bytes: Uint8Array): void {
  const isOurs = error instanceof SanitizeError && INPUT_ERROR_CODES.includes(error.code);
  if (!isOurs || INTERNALS.test(error.message) || error.code === 'ERR_INPUT_SPEC') {
    throw new Error(`a foreign error: ${String(error)}\n${replay(bytes)}`, { cause: error });
  }
}

function expectUsable(header: ReturnType<typeof inspectImage>, bytes: Uint8Array): void {
  const { width, height, frames, trailingBytes, predictedDecodeBytes, animation, orientation } = header;
  const numbers = [width, height, frames, predictedDecodeBytes, orientation];
  const isUsable =
    numbers.every((value) => Number.isFinite(value) && value > 0) &&
    orientation <= 8 &&
    trailingBytes >= 0 &&
    trailingBytes < bytes.length &&
    (animation === undefined || animation.delaysMs.length === frames);
  if (!isUsable) throw new Error(`an unusable header: ${JSON.stringify(header)}\n${replay(bytes)}`);
}

describe('spoilt files', () => {
  it(`end in a header or a clean code, ${INSPECTIONS.toLocaleString('en-US')} times`, () => {
    const ends = new Map<string, number>();
    const count = (end: string) => ends.set(end, (ends.get(end) ?? 0) + 1);
    const looks = [
      (bytes: Uint8Array) => {
        expectUsable(inspectImage(bytes), bytes);
      },
      (bytes: Uint8Array) => {
        expectUsable(inspectImage(bytes, spec), bytes);
      },
      identifyImage,
    ];
    fc.assert(
      fc.property(spoilt, fc.nat({ max: 2 }), (file, which) => {
        const bytes = spoil(file);
        try {
          looks[which]!(bytes);
          count('a header');
        } catch (error) {
          expectOurs(error, bytes);
          count((error as SanitizeError).code);
        }
      }),
      { numRuns: INSPECTIONS },
    );
    // A fuzzer that only ever meets one answer tests one line.
    for (const end of ['a header', 'ERR_INPUT_CORRUPT', 'ERR_INPUT_FORMAT', 'ERR_INPUT_DIMENSIONS']) {
      expect(ends.get(end) ?? 0).toBeGreaterThan(INSPECTIONS / 2000);
    }
  }, 120_000);

  it(`end in a tensor or a clean code, ${FULL_RUNS.toLocaleString('en-US')} times`, async () => {
    let tensors = 0;
    await fc.assert(
      fc.asyncProperty(spoilt, fc.boolean(), async (file, framewise) => {
        const bytes = spoil(file);
        try {
          for await (const { tensor, report } of framewise
            ? sanitizeAnimation(bytes, spec)
            : [await sanitizeImage(bytes, spec)]) {
            if (tensor.data.length !== 3 * 16 * 16 || report.tensorSha256.length !== 64) {
              throw new Error('not the tensor that the spec describes');
            }
            tensors++;
          }
        } catch (error) {
          expectOurs(error, bytes);
        }
      }),
      { numRuns: FULL_RUNS },
    );
    expect(tensors).toBeGreaterThan(FULL_RUNS / 40);
  }, 120_000);
});
