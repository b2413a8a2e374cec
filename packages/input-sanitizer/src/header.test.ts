import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { SanitizeError } from './errors.ts';
import { parseExifOrientation } from './exif.ts';
import { inspectImage } from './header.ts';
import { defineInputSpec } from './spec.ts';

const plain = {
  formats: ['jpeg', 'png', 'webp'],
  geometry: { none: true },
  tensor: { layout: 'NHWC', dtype: 'u8' },
};
const spec = (limits: object, colour: object = {}, formats = plain.formats) =>
  defineInputSpec({ ...plain, formats, limits, colour });

function picture(width = 20, height = 10, channels: 3 | 4 = 3): Sharp {
  const background = { r: 200, g: 100, b: 50, alpha: 0.5 };
  return sharp({ create: { width, height, channels, background } });
}

function expectCode(work: () => unknown, code: string): void {
  expect(work).toThrow(expect.objectContaining({ name: 'SanitizeError', code }));
}

describe('by content alone', () => {
  it.each([
    ['text', 'hello, picture'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['a bitmap', 'BM\x46\0\0\0\0\0\0\0'],
    ['PDF', '%PDF-1.7'],
    ['a RIFF of another kind', 'RIFF\x20\0\0\0WAVEfmt '],
    ['WEBP without RIFF', 'JUNK\x20\0\0\0WEBPVP8 '],
    ['half a PNG signature', '\x89PNG'],
    ['a single byte', '\xff'],
  ])('refuses %s', (_, text) => {
    expectCode(() => inspectImage(Buffer.from(text, 'latin1')), 'ERR_INPUT_FORMAT');
  });

  it('refuses no bytes as empty', () => {
    expectCode(() => inspectImage(new Uint8Array()), 'ERR_INPUT_EMPTY');
  });

  it('names what it found', () => {
    expect(() => inspectImage(Buffer.from('GIF89a'), spec({}))).toThrow(
      'expected jpeg, png or webp, found gif',
    );
  });

  it('refuses a sound picture of a format that the spec does not list', async () => {
    const bytes = await picture().png().toBuffer();
    expect(inspectImage(bytes, spec({})).format).toBe('png');
    expectCode(() => inspectImage(bytes, spec({}, {}, ['jpeg'])), 'ERR_INPUT_FORMAT');
  });

  it('reads a view into a larger buffer from its own start to its own end', async () => {
    const bytes = await picture().png().toBuffer();
    const larger = Buffer.concat([Buffer.alloc(13, 0xff), bytes, Buffer.alloc(7)]);
    const view = new Uint8Array(larger.buffer, larger.byteOffset + 13, bytes.length);
    expect(inspectImage(view)).toEqual(inspectImage(bytes));
  });
});

describe('with a spec', () => {
  it.each([
    ['maxSide', { maxSide: 20 }, { maxSide: 19 }],
    ['minSide', { minSide: 10 }, { minSide: 11 }],
    ['maxPixels', { maxPixels: 200 }, { maxPixels: 199 }],
  ])('holds %s to the pixel', async (_, last, first) => {
    const bytes = await picture(20, 10).png().toBuffer();
    expect(inspectImage(bytes, spec(last)).width).toBe(20);
    expectCode(() => inspectImage(bytes, spec(first)), 'ERR_INPUT_DIMENSIONS');
  });

  it('holds maxBytes to the byte', async () => {
    const bytes = await picture().png().toBuffer();
    expect(inspectImage(bytes, spec({ maxBytes: bytes.length })).width).toBe(20);
    expectCode(() => inspectImage(bytes, spec({ maxBytes: bytes.length - 1 })), 'ERR_INPUT_TOO_LARGE');
  });

  it('counts bytes before it looks at them', () => {
    expectCode(() => inspectImage(Buffer.from('no picture'), spec({ maxBytes: 9 })), 'ERR_INPUT_TOO_LARGE');
  });

  it('holds maxScans to the scan', async () => {
    const bytes = await picture().jpeg({ progressive: true }).toBuffer();
    const { scans = 0 } = inspectImage(bytes);
    expect(inspectImage(bytes, spec({ maxScans: scans })).scans).toBe(scans);
    expectCode(() => inspectImage(bytes, spec({ maxScans: scans - 1 })), 'ERR_INPUT_COST');
  });

  it('holds maxDecodeBytes to the byte', async () => {
    const bytes = await picture().webp({ lossless: true }).toBuffer();
    const { predictedDecodeBytes } = inspectImage(bytes);
    expect(inspectImage(bytes, spec({ maxDecodeBytes: predictedDecodeBytes })).width).toBe(20);
    expectCode(
      () => inspectImage(bytes, spec({ maxDecodeBytes: predictedDecodeBytes - 1 })),
      'ERR_INPUT_COST',
    );
  });

  it('holds maxFrames to the frame', async () => {
    const stills = await Promise.all([1, 2].map(() => picture().png().toBuffer()));
    const bytes = await sharp([stills[0]!, await picture(20, 10).negate().png().toBuffer()], {
      join: { animated: true },
    })
      .webp()
      .toBuffer();
    expect(inspectImage(bytes, spec({ maxFrames: 2 })).frames).toBe(2);
    expectCode(() => inspectImage(bytes, spec({ maxFrames: 1 })), 'ERR_INPUT_ANIMATED');
  });

  it('refuses transparency only where the spec says so', async () => {
    const bytes = await picture(20, 10, 4).png().toBuffer();
    expect(inspectImage(bytes, spec({}, { alpha: 'drop' })).hasAlpha).toBe(true);
    expectCode(() => inspectImage(bytes, spec({}, { alpha: 'refuse' })), 'ERR_INPUT_COLOUR');
  });

  it('refuses CMYK', async () => {
    const bytes = await picture().toColourspace('cmyk').jpeg().toBuffer();
    expectCode(() => inspectImage(bytes, spec({})), 'ERR_INPUT_COLOUR');
  });

  it('refuses a sound picture of 256 megapixels from its header', () => {
    const chunk = (type: string, data: Uint8Array): Buffer => {
      const body = Buffer.concat([Buffer.from(type), data]);
      const frame = Buffer.alloc(body.length + 8);
      frame.writeUInt32BE(data.length, 0);
      frame.set(body, 4);
      frame.writeUInt32BE(crc32(body), body.length + 4);
      return frame;
    };
    const header = Buffer.from([0, 0, 0x3e, 0x80, 0, 0, 0x3e, 0x80, 1, 0, 0, 0, 0]);
    const rows = deflateSync(Buffer.alloc(16_000 * 2001));
    const bytes = Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      chunk('IHDR', header),
      chunk('IDAT', rows),
      chunk('IEND', Buffer.alloc(0)),
    ]);
    expect(inspectImage(bytes)).toMatchObject({ width: 16_000, height: 16_000 });
    const started = performance.now();
    expectCode(() => inspectImage(bytes, spec({})), 'ERR_INPUT_DIMENSIONS');
    // A decode takes most of a second; reading the header takes well under a millisecond.
    expect(performance.now() - started).toBeLessThan(100);
  });

  it('refuses 34 bytes that promise 256 megapixels', () => {
    const bytes = Buffer.from(
      'RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\xff\xff\xff\x0f\0\0\0\0\0\0\0\0\0',
      'latin1',
    );
    expect(inspectImage(bytes)).toMatchObject({ width: 16384, height: 16384 });
    expectCode(() => inspectImage(bytes, spec({})), 'ERR_INPUT_DIMENSIONS');
  });
});

describe('on hostile bytes', () => {
  let seeds: Buffer[] = [];

  beforeAll(async () => {
    const exif = { orientation: 6 } as const;
    seeds = await Promise.all([
      picture().jpeg().toBuffer(),
      picture().withMetadata(exif).jpeg({ progressive: true }).toBuffer(),
      picture(20, 10, 4).withMetadata(exif).png().toBuffer(),
      picture().png({ palette: true }).toBuffer(),
      picture().png({ progressive: true }).toBuffer(),
      picture().webp().toBuffer(),
      picture(20, 10, 4).withMetadata(exif).webp({ lossless: true }).toBuffer(),
    ]);
  });

  /** Either a header whose numbers can be used, or one of our errors. */
  function holds(bytes: Uint8Array): void {
    let header;
    try {
      header = inspectImage(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(SanitizeError);
      return;
    }
    const { width, height, frames, trailingBytes, predictedDecodeBytes } = header;
    for (const value of [width, height, frames, predictedDecodeBytes]) {
      expect(Number.isSafeInteger(value) && value > 0).toBe(true);
    }
    expect(trailingBytes >= 0 && trailingBytes < bytes.length).toBe(true);
  }

  it('answers any bytes behind any signature', () => {
    const signatures = [
      '',
      '\xff\xd8\xff',
      '\x89PNG\r\n\x1a\n',
      'RIFF\xff\0\0\0WEBPVP8 ',
      'RIFF\xff\0\0\0WEBPVP8X',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...signatures), fc.uint8Array({ maxLength: 300 }), (signature, rest) => {
        holds(Buffer.concat([Buffer.from(signature, 'latin1'), rest]));
      }),
      { numRuns: 4000 },
    );
  });

  it('answers real pictures with flipped bytes', () => {
    const flip = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(fc.nat(), fc.array(flip, { minLength: 1, maxLength: 6 }), (which, flips) => {
        const bytes = Buffer.from(seeds[which % seeds.length]!);
        for (const [at, mask] of flips) bytes[at % bytes.length] = bytes[at % bytes.length]! ^ mask;
        holds(bytes);
      }),
      { numRuns: 6000 },
    );
  });

  it('answers every truncation of real pictures', () => {
    for (const seed of seeds) {
      for (let length = 0; length < seed.length; length++) holds(seed.subarray(0, length));
    }
  });

  it('answers the head of one picture on the tail of another', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), fc.nat(), (one, other, cut, from) => {
        const head = seeds[one % seeds.length]!;
        const tail = seeds[other % seeds.length]!;
        holds(Buffer.concat([head.subarray(0, cut % head.length), tail.subarray(from % tail.length)]));
      }),
      { numRuns: 4000 },
    );
  });

  it('reads an orientation of 1 to 8 from any EXIF block', () => {
    const heads = fc.constantFrom(
      '',
      'Exif\0\0',
      'II*\0\x08\0\0\0',
      'MM\0*\0\0\0\x08',
      'II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0',
    );
    fc.assert(
      fc.property(heads, fc.uint8Array({ maxLength: 64 }), (head, rest) => {
        const orientation = parseExifOrientation(Buffer.concat([Buffer.from(head, 'latin1'), rest]));
        expect([1, 2, 3, 4, 5, 6, 7, 8]).toContain(orientation);
      }),
      { numRuns: 2000 },
    );
  });
});
