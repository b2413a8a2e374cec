import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { inspectImage } from './header.ts';
import { sanitizeImage } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';

const spec = defineInputSpec({
  formats: ['jpeg', 'png', 'webp'],
  geometry: { none: true },
  tensor: { layout: 'NHWC', dtype: 'u8' },
});
const picture = () => sharp({ create: { width: 4, height: 4, channels: 3, background: 'teal' } });
const full = () =>
  picture()
    .withExif({ IFD0: { Copyright: 'someone' } })
    .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
    .withIccProfile('srgb');

function segment(marker: number, text: string): Buffer {
  const data = Buffer.from(text, 'latin1');
  return Buffer.from([0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255, ...data]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), data]);
  const result = Buffer.alloc(named.length + 8);
  result.writeUInt32BE(data.length, 0);
  named.copy(result, 4);
  result.writeUInt32BE(crc32(named), named.length + 4);
  return result;
}

const splice = (bytes: Buffer, at: number, piece: Buffer) =>
  Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);

describe('metadata', () => {
  it.each(['jpeg', 'png', 'webp'] as const)('is none in a bare %s, and no finding', async (format) => {
    const bytes = await picture().toFormat(format).toBuffer();
    expect(inspectImage(bytes).metadata).toEqual([]);
    expect((await sanitizeImage(bytes, spec)).report.findings).toEqual([]);
  });

  it.each(['jpeg', 'png', 'webp'] as const)('of an encoder is seen in a %s', async (format) => {
    const bytes = await full().toFormat(format).toBuffer();
    expect(inspectImage(bytes).metadata.toSorted()).toEqual(['exif', 'icc', 'xmp']);
  });

  it.each([
    ['exif', 0xe1, 'Exif\0\0II*\0'],
    ['xmp', 0xe1, 'http://ns.adobe.com/xap/1.0/\0<x/>'],
    ['icc', 0xe2, 'ICC_PROFILE\0\x01\x01'],
    ['iptc', 0xed, 'Photoshop 3.0\x008BIM'],
    ['text', 0xfe, 'made by someone'],
  ])('%s is told by the segment of a JPEG', async (kind, marker, text) => {
    const bytes = splice(await picture().jpeg().toBuffer(), 2, segment(marker, text));
    expect(inspectImage(bytes).metadata).toEqual([kind]);
  });

  it.each([
    ['a JFIF header', 0xe0, 'JFIF\0'],
    ['an application segment of another kind', 0xe2, 'MPF\0'],
    ['a name cut short', 0xe1, 'Exif'],
  ])('is not %s', async (_, marker, text) => {
    const bytes = splice(await picture().jpeg().toBuffer(), 2, segment(marker, text));
    expect(inspectImage(bytes).metadata).toEqual([]);
  });

  it.each([
    ['text', 'tEXt', Buffer.from('Author\0someone')],
    ['text', 'zTXt', Buffer.from('Author\0\0')],
    ['text', 'iTXt', Buffer.from('Author\0\0\0\0\0someone')],
    ['xmp', 'iTXt', Buffer.from('XML:com.adobe.xmp\0\0\0\0\0<x/>')],
    ['icc', 'iCCP', Buffer.concat([Buffer.from('p\0\0'), deflateSync(Buffer.alloc(200))])],
    ['exif', 'eXIf', Buffer.from('II*\0')],
  ])('%s is told by the chunk of a PNG: %s', async (kind, type, data) => {
    const bytes = splice(await picture().png().toBuffer(), 33, chunk(type, data));
    expect(inspectImage(bytes).metadata).toEqual([kind]);
  });

  it('is named once however often it comes', async () => {
    const text = chunk('tEXt', Buffer.from('a\0b'));
    const bytes = splice(await picture().png().toBuffer(), 33, Buffer.concat([text, text]));
    expect(inspectImage(bytes).metadata).toEqual(['text']);
  });

  it('is reported as left out, and changes nothing of the tensor', async () => {
    const bare = await sanitizeImage(await picture().png().toBuffer(), spec);
    const { report } = await sanitizeImage(await full().png().toBuffer(), spec);
    expect(report.findings).toEqual([
      {
        code: 'metadata-stripped',
        message: expect.stringMatching(/^metadata was left out: \w+, \w+, \w+$/) as string,
      },
    ]);
    expect(report.tensorSha256).toBe(bare.report.tensorSha256);
  });
});
