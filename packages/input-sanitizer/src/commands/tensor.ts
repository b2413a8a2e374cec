import { createHash } from 'node:crypto';
import { restrictDecoders } from '../decoders.ts';
import { encodePixels } from '../encode.ts';
import { SanitizeError } from '../errors.ts';
import { fromOperatorPath } from '../from-operator-path.ts';
import { sanitizeImage } from '../sanitize.ts';
import type { SanitizedImage } from '../sanitize.ts';
import { defineInputSpec } from '../spec.ts';
import type { InputSpec } from '../spec.ts';
import { littleEndianBytes } from '../tensor.ts';
import type { DecoderTier } from '../wasm-tier.ts';
import { count, printable, printRefusal, type Console } from './console.ts';
import { EXIT, UsageError } from './exit.ts';
import { writeOutput } from './output-file.ts';
import { pictureName } from './picture-argument.ts';
import { readSpec } from './spec-argument.ts';

/** Flags of `tensor`. */
export interface TensorFlags {
  readonly spec: string;
  /** Where the raw tensor goes. */
  readonly out: string;
  /** Where a PNG of the pixels goes, as they are before scale, mean and std. */
  readonly u8?: string;
  /** What decodes. */
  readonly tier: DecoderTier;
  readonly json: boolean;
}

/** `tensor <file>`: makes the tensor that a spec describes and writes it raw, in little-endian order. */
export async function tensorCommand(path: string, flags: TensorFlags, console: Console): Promise<number> {
  if (flags.u8 !== undefined && !/\.png$/i.test(flags.u8)) {
    throw new UsageError('expected --u8 to end in .png, found another ending');
  }
  const spec = await readSpec(flags.spec);
  const { tier } = flags;
  const file = pictureName(path);
  console.progress(`making a tensor of ${printable(file)}`);
  try {
    const bytes = await fromOperatorPath(path, { maxBytes: spec.limits.maxBytes });
    // This process is the program's own.
    if (tier === 'inline') await restrictDecoders(spec.formats);
    const { tensor, placement, report } = await sanitizeImage(bytes, spec, {
      claimed: { fileName: file },
      tier,
    });
    const raw = littleEndianBytes(tensor);
    const pixels = flags.u8 === undefined ? undefined : await drawPixels(bytes, spec, tier);
    await writeOutput('--out', flags.out, raw, path);
    if (flags.u8 !== undefined && pixels) await writeOutput('--u8', flags.u8, pixels, path);
    const sha256 = createHash('sha256').update(raw).digest('hex');
    const { type, dims } = tensor;
    const document = { file, type, dims, bytes: raw.length, sha256, placement, report };
    console.print(flags.json ? JSON.stringify(document) : describe(document));
    return EXIT.accepted;
  } catch (error) {
    if (!(error instanceof SanitizeError)) throw error;
    printRefusal(console, file, error, flags.json);
    return EXIT.refused;
  }
}

/** The same way to the tensor's sides, but to bytes that a person can look at. */
async function drawPixels(bytes: Uint8Array, spec: InputSpec, tier: DecoderTier): Promise<Uint8Array> {
  const gray = spec.tensor.channels === 'gray';
  const tensor = { layout: 'NHWC', dtype: 'u8', channels: gray ? 'gray' : 'rgb' };
  const { tensor: pixels } = await sanitizeImage(bytes, defineInputSpec({ ...spec, tensor }), { tier });
  const [, height, width] = pixels.dims;
  const data = Uint8Array.from(pixels.data);
  return await encodePixels({ width: width!, height: height!, channels: gray ? 1 : 3, data }, 'png');
}

interface Outcome {
  readonly file: string;
  readonly type: string;
  readonly dims: readonly number[];
  readonly bytes: number;
  readonly sha256: string;
  readonly report: SanitizedImage['report'];
}

function describe({ file, type, dims, bytes, sha256, report }: Outcome): string {
  const { width, height, format, resample, findings } = report;
  return [
    `${printable(file)}  ${width} x ${height} ${format}`,
    `  tensor    ${type} [${dims.join(', ')}], ${count(bytes)} bytes, resampled with ${resample}`,
    `  sha256    ${sha256}`,
    `  spec      ${report.specHash}`,
    ...findings.map(({ code, message }) => `  finding   ${code}: ${message}`),
  ].join('\n');
}
