/** A marker segment: the marker, its length, its data. */
export function jpegSegment(marker: number, ...data: number[]): Buffer {
  return Buffer.from([0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255, ...data]);
}

export const SOI = Buffer.from([0xff, 0xd8]);
export const EOI = Buffer.from([0xff, 0xd9]);

/** One component sampled once, or three. */
export interface JpegFields {
  readonly width: number;
  readonly height: number;
  readonly components?: 1 | 3 | 4;
  /** How many scans; 1 to 1 + 126 for each component. */
  readonly scans: number;
}

/** Every zero-run category of a progressive scan, in codes of four bits: `EOB0` to `EOB14`. T.81, section G.1.2.2. */
const RUNS = 15;
const MAX_RUN = 0x7fff;

/**
 * A progressive picture of one grey level: a scan of the averages, then one scan for each frequency and bit of each
 * component until there are as many as asked for. All of them say that there is nothing to add.
 */
export function progressiveJpeg({ width, height, components = 1, scans }: JpegFields): Buffer {
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const ids = Array.from({ length: components }, (_, index) => index + 1);
  const size = [height >> 8, height & 255, width >> 8, width & 255];
  const frame = jpegSegment(0xc2, 8, ...size, components, ...ids.flatMap((id) => [id, 0x11, 0]));
  const quantization = jpegSegment(0xdb, 0, ...Array<number>(64).fill(1));
  const averages = jpegSegment(0xc4, 0x00, 1, ...Array<number>(15).fill(0), 0);
  const runs = Array.from({ length: RUNS }, (_, run) => run << 4);
  const frequencies = jpegSegment(0xc4, 0x10, 0, 0, 0, RUNS, ...Array<number>(12).fill(0), ...runs);
  const first = Buffer.concat([
    jpegSegment(0xda, components, ...ids.flatMap((id) => [id, 0]), 0, 0, 0),
    Buffer.alloc(Math.ceil((blocks * components) / 8)),
  ]);
  const zeros = runsOfZeros(blocks);
  const rest: Buffer[] = [];
  for (const approximation of [0x01, 0x10]) {
    for (let frequency = 1; frequency < 64; frequency++) {
      for (const id of ids)
        rest.push(jpegSegment(0xda, 1, id, 0, frequency, frequency, approximation), zeros);
    }
  }
  const following = rest.slice(0, (scans - 1) * 2);
  return Buffer.concat([SOI, quantization, frame, averages, frequencies, first, ...following, EOI]);
}

/** A baseline picture of one grey level in one scan. */
export function baselineJpeg(width: number, height: number, components: 1 | 3 | 4 = 3): Buffer {
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const ids = Array.from({ length: components }, (_, index) => index + 1);
  const size = [height >> 8, height & 255, width >> 8, width & 255];
  const table = (kind: number) => jpegSegment(0xc4, kind, 1, ...Array<number>(15).fill(0), 0);
  return Buffer.concat([
    SOI,
    jpegSegment(0xdb, 0, ...Array<number>(64).fill(1)),
    jpegSegment(0xc0, 8, ...size, components, ...ids.flatMap((id) => [id, 0x11, 0])),
    table(0x00),
    table(0x10),
    jpegSegment(0xda, components, ...ids.flatMap((id) => [id, 0]), 0, 63, 0),
    // No difference, end of block: two zero bits for every block of every component.
    Buffer.alloc(Math.ceil((blocks * components * 2) / 8)),
    EOI,
  ]);
}

/** Runs of blocks that end at once, in the codes of the table above. */
function runsOfZeros(blocks: number): Buffer {
  let bits = '';
  for (let left = blocks; left > 0;) {
    const run = Math.min(left, MAX_RUN);
    const category = 31 - Math.clz32(run);
    bits += category.toString(2).padStart(4, '0');
    if (category > 0) bits += (run - 2 ** category).toString(2).padStart(category, '0');
    left -= run;
  }
  const bytes: number[] = [];
  for (let at = 0; at < bits.length; at += 8) {
    const byte = Number.parseInt(bits.slice(at, at + 8).padEnd(8, '1'), 2);
    bytes.push(byte, ...(byte === 0xff ? [0] : []));
  }
  return Buffer.from(bytes);
}
