import { join } from 'node:path';
import { SanitizeError } from '../errors.ts';
import { fromOperatorPath } from '../from-operator-path.ts';
import { littleEndianBytes } from '../tensor.ts';
import type { IsolationLevel } from '../video/confinement.ts';
import { sanitizeVideo } from '../video/sanitize-video.ts';
import type { SanitizedVideoFrame } from '../video/sanitize-video.ts';
import { count, printable, printRefusal, type Console } from './console.ts';
import { EXIT } from './exit.ts';
import { expectFolder, writeOutput } from './output-file.ts';
import { pictureName } from './picture-argument.ts';
import { readVideoSpec } from './spec-argument.ts';

/** Flags of `video`. */
export interface VideoFlags {
  readonly spec: string;
  /** Where the raw tensors go, one file for each frame. */
  readonly outDir: string;
  readonly ffmpeg: string;
  /** Least isolation of the decoder. */
  readonly require: IsolationLevel;
  readonly json: boolean;
}

/** `video <file>`: makes a tensor of each frame and writes it raw. What was written before a refusal stays. */
export async function videoCommand(path: string, flags: VideoFlags, console: Console): Promise<number> {
  const spec = await readVideoSpec(flags.spec);
  await expectFolder('--out-dir', flags.outDir);
  const { ffmpeg, require } = flags;
  const file = pictureName(path);
  console.progress(`reading ${printable(file)}`);
  try {
    const bytes = await fromOperatorPath(path, { maxBytes: spec.video.maxBytes });
    for await (const frame of sanitizeVideo(bytes, spec, { ffmpeg, require })) {
      const name = `${String(frame.index).padStart(6, '0')}.bin`;
      const raw = littleEndianBytes(frame.tensor);
      await writeOutput('--out-dir', join(flags.outDir, name), raw, path);
      const { tensor, placement, index, timestampMs, report } = frame;
      const document = {
        file,
        out: name,
        index,
        timestampMs,
        type: tensor.type,
        dims: tensor.dims,
        placement,
        report,
      };
      console.print(flags.json ? JSON.stringify(document) : describe(file, name, frame, raw.length));
      console.progress(`wrote ${name}`);
    }
    return EXIT.accepted;
  } catch (error) {
    if (!(error instanceof SanitizeError)) throw error;
    printRefusal(console, file, error, flags.json);
    return EXIT.refused;
  }
}

function describe(
  file: string,
  name: string,
  { tensor, timestampMs, report }: SanitizedVideoFrame,
  bytes: number,
): string {
  const { width, height, codec, container, isolation, findings } = report;
  return [
    `${printable(file)}  ${width} x ${height} ${codec} in ${container}, at ${count(Math.round(timestampMs))} ms`,
    `  tensor    ${name}: ${tensor.type} [${tensor.dims.join(', ')}], ${count(bytes)} bytes`,
    `  sha256    ${report.tensorSha256}`,
    `  isolation ${isolation}`,
    ...findings.map((finding) => `  finding   ${finding.code}: ${finding.message}`),
  ].join('\n');
}
