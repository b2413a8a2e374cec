import { SanitizeError } from '../errors.ts';
import { fromOperatorPath } from '../from-operator-path.ts';
import { inspectImage } from '../header.ts';
import { identifyImage } from '../identify.ts';
import type { ImageIdentity } from '../identify.ts';
import type { ImageHeader } from '../image-header.ts';
import { limits } from '../presets/limit-sets.ts';
import { count, printable, printRefusal, type Console } from './console.ts';
import { EXIT } from './exit.ts';
import { pictureName } from './picture-argument.ts';
import { readSpec } from './spec-argument.ts';

/**
 * `inspect <file…>`: reads headers and decodes nothing. Files after a refused one are still read. The extension of a file
 * is held against its content.
 */
export async function inspectCommand(
  paths: readonly string[],
  { spec: argument, json }: { spec?: string; json: boolean },
  console: Console,
): Promise<number> {
  const spec = argument === undefined ? undefined : await readSpec(argument);
  let status: number = EXIT.accepted;
  for (const path of paths) {
    const file = pictureName(path);
    let bytes: Uint8Array | undefined;
    try {
      // Without a spec there is no limit to hold the picture against, only one on what is read into memory.
      bytes = await fromOperatorPath(path, { maxBytes: (spec?.limits ?? limits.lenient).maxBytes });
      const header = inspectImage(bytes, spec, { claimed: { fileName: file } });
      console.print(json ? JSON.stringify({ file, header }) : describe(file, header));
    } catch (error) {
      if (!(error instanceof SanitizeError)) throw error;
      printRefusal(
        console,
        file,
        error,
        json,
        bytes && error.code === 'ERR_INPUT_FORMAT' ? identify(bytes) : undefined,
      );
      status = EXIT.refused;
    }
  }
  return status;
}

/** What a refused file is, where its header can be read. */
function identify(bytes: Uint8Array): ImageIdentity | undefined {
  try {
    return identifyImage(bytes);
  } catch (error) {
    if (error instanceof SanitizeError) return undefined;
    throw error;
  }
}

function describe(file: string, header: ImageHeader): string {
  const { width, height, format, colour, bitDepth, hasAlpha, frames, scans } = header;
  const interlaced = format === 'jpeg' ? 'progressive' : 'interlaced';
  return [
    `${printable(file)}  ${width} x ${height} ${format}`,
    `  colour    ${colour}, ${bitDepth} bits, ${hasAlpha ? 'with' : 'no'} alpha, EXIF orientation ${header.orientation}`,
    `  structure ${[
      frames === 1 ? 'one frame' : `${count(frames)} frames`,
      header.interlaced ? interlaced : `not ${interlaced}`,
      ...(scans === undefined ? [] : [scans === 1 ? 'one scan' : `${count(scans)} scans`]),
      `${count(header.trailingBytes)} bytes after the end`,
    ].join(', ')}`,
    `  cost      ${count(header.predictedDecodeBytes)} bytes held while decoding`,
    ...header.mismatches.map((claim) => `  mismatch  the ${claim} says something else than ${format}`),
  ].join('\n');
}
