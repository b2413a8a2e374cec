// Videos made by the machine's own ffmpeg, and what can be done to them byte by byte.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The program, as `PATH` has it. */
export const FFMPEG = 'ffmpeg';

/** Why tests that need ffmpeg do not run here, for their title, or nothing. */
export const FFMPEG_ABSENT = absenceOf(FFMPEG, '-version');
/** Why tests of the sandbox do not run here, likewise. */
export const BWRAP_ABSENT = absenceOf('bwrap', '--unshare-all', '--ro-bind', '/', '/', 'true');

function absenceOf(program: string, ...args: string[]): string | undefined {
  return spawnSync(program, args).status === 0 ? undefined : ` (skipped where ${program} does not run)`;
}

/** Makes one video. @param args - ffmpeg's, without the output. @param inputs - Files that `args` name by `{name}`. */
export function makeVideo(
  container: 'mp4' | 'webm',
  args: string,
  inputs: Readonly<Record<string, Uint8Array>> = {},
): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'videos-'));
  try {
    const output = join(folder, `out.${container}`);
    const words = args.split(' ').map((word) =>
      word.replace(/^\{(\w+)\}$/, (_, name: string) => {
        writeFileSync(join(folder, name), inputs[name]!);
        return join(folder, name);
      }),
    );
    execFileSync(FFMPEG, ['-nostdin', '-loglevel', 'error', '-y', ...words, '-threads', '1', output], {
      stdio: 'pipe',
    });
    return readFileSync(output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Two seconds of colour bars, 25 frames each. */
export const BARS = '-f lavfi -i smptebars=size=320x180:rate=25:duration=2';

/** The encoder of each codec, at its fastest. */
export const ENCODERS = {
  avc: '-c:v libx264 -preset ultrafast -pix_fmt yuv420p',
  vp8: '-c:v libvpx -deadline realtime -cpu-used 8',
  vp9: '-c:v libvpx-vp9 -deadline realtime -cpu-used 8',
  av1: '-c:v libaom-av1 -usage realtime -cpu-used 8',
} as const;

/** Where the content of the last box with this name begins: the first such word may be a brand. */
export function findBox(bytes: Buffer, name: string): number {
  const at = bytes.lastIndexOf(name, undefined, 'latin1');
  if (at === -1) throw new Error(`no ${name} box`);
  return at + 4;
}

/** A copy with some bytes changed. */
export function patch(bytes: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes);
  change(copy);
  return copy;
}

/** A copy with garbage after its first bytes. In that of a WebM mediabunny searches for minutes. */
export function spoil(bytes: Buffer): Buffer {
  return patch(bytes, (copy) => {
    for (let at = 40; at < copy.length; at++) copy[at] = (at * 7919) % 251;
  });
}

/** A copy whose edit list plays the whole video `times` times; its boxes must come after all it points to. */
export function repeatEdits(bytes: Buffer, times: number): Buffer {
  const content = findBox(bytes, 'elst');
  const entry = bytes.subarray(content + 8, content + 20);
  const added = Buffer.concat(Array<Buffer>(times - 1).fill(entry));
  const grown = Buffer.concat([bytes.subarray(0, content + 20), added, bytes.subarray(content + 20)]);
  grown.writeUInt32BE(times, content + 4);
  for (const name of ['elst', 'edts', 'trak', 'moov']) {
    const size = findBox(grown, name) - 8;
    grown.writeUInt32BE(grown.readUInt32BE(size) + added.length, size);
  }
  return grown;
}

/** One box with its content. */
export function box(name: string, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const header = Buffer.alloc(8);
  header.writeUInt32BE(body.length + 8);
  header.write(name, 4, 'latin1');
  return Buffer.concat([header, body]);
}
