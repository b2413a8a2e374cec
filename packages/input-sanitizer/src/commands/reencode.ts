import { createHash } from 'node:crypto';
import { restrictDecoders } from '../decoders.ts';
import type { OutputFormat } from '../encode.ts';
import { SanitizeError } from '../errors.ts';
import type { Finding } from '../finding.ts';
import { fromOperatorPath } from '../from-operator-path.ts';
import { reencodeImage } from '../reencode.ts';
import { defineInputSpec } from '../spec.ts';
import type { DecoderTier } from '../wasm-tier.ts';
import { count, printable, printRefusal, type Console } from './console.ts';
import { EXIT, UsageError } from './exit.ts';
import { writeOutput } from './output-file.ts';
import { pictureName } from './picture-argument.ts';

/** What a person would see: upright, on white. */
const SPEC = defineInputSpec({
  formats: ['jpeg', 'png', 'webp'],
  colour: { alpha: 'flatten' },
  geometry: { none: true },
  tensor: { layout: 'NHWC', dtype: 'u8' },
});

const ENDINGS: ReadonlyMap<string, OutputFormat> = new Map([
  ['png', 'png'],
  ['webp', 'webp'],
  ['jpg', 'jpeg'],
  ['jpeg', 'jpeg'],
]);

/** `reencode <file>`: decodes a picture in full and writes its pixels anew; nothing else of the file survives. */
export async function reencodeCommand(
  path: string,
  { out, tier, json }: { out: string; tier: DecoderTier; json: boolean },
  console: Console,
): Promise<number> {
  const format = ENDINGS.get(/\.([a-z]+)$/i.exec(out)?.[1]?.toLowerCase() ?? '');
  if (format === undefined) {
    throw new UsageError('expected --out to end in .png, .webp, .jpg or .jpeg, found another ending');
  }
  const file = pictureName(path);
  console.progress(`encoding ${printable(file)} anew`);
  try {
    const bytes = await fromOperatorPath(path, { maxBytes: SPEC.limits.maxBytes });
    // This process is the program's own.
    if (tier === 'inline') await restrictDecoders(SPEC.formats);
    const options = { format, tier, claimed: { fileName: file } };
    const { bytes: encoded, width, height, findings } = await reencodeImage(bytes, SPEC, options);
    await writeOutput('--out', out, encoded, path);
    const sha256 = createHash('sha256').update(encoded).digest('hex');
    const document = { file, format, width, height, bytes: encoded.length, sha256, findings };
    console.print(json ? JSON.stringify(document) : describe(document));
    return EXIT.accepted;
  } catch (error) {
    if (!(error instanceof SanitizeError)) throw error;
    printRefusal(console, file, error, json);
    return EXIT.refused;
  }
}

interface Outcome {
  readonly file: string;
  readonly format: OutputFormat;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly findings: readonly Finding[];
}

function describe({ file, format, width, height, bytes, sha256, findings }: Outcome): string {
  return [
    `${printable(file)}  written anew as ${width} x ${height} ${format}, ${count(bytes)} bytes`,
    `  sha256    ${sha256}`,
    ...findings.map(({ code, message }) => `  finding   ${code}: ${message}`),
  ].join('\n');
}
