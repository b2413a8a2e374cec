import { expect, it } from 'vitest';
import { sniffContainer } from './container.ts';
import { defineVideoSpec } from './video-spec.ts';

const { video } = defineVideoSpec({
  frames: { formats: ['png'], geometry: { none: true }, tensor: { layout: 'NCHW', dtype: 'u8' } },
  video: { sample: { all: true } },
});

const ftyp = (brand: string) => Buffer.from(`\0\0\0\x14ftyp${brand}\0\0\0\0${brand}`, 'latin1');
const HEADER = [0x1a, 0x45, 0xdf, 0xa3];
/** An EBML header with these elements. */
const ebml = (...elements: (readonly [id: readonly number[], content: string])[]) => {
  const body = Buffer.concat(
    elements.map(([id, content]) => Buffer.from([...id, 0x80 | content.length, ...Buffer.from(content)])),
  );
  return Buffer.from([...HEADER, 0x80 | body.length, ...body]);
};
const VERSION = [[0x42, 0x86], '\x01'] as const;
const docType = (type: string) => [[0x42, 0x82], type] as const;

it.each([
  ['mp4', ftyp('isom')],
  ['mp4', ftyp('mp42')],
  ['webm', ebml(VERSION, docType('webm'))],
  ['webm', ebml([[0xec], 'void'], docType('webm\0\0'))],
  // Its length in eight bytes, as ffmpeg writes it.
  ['webm', Buffer.from([...HEADER, 1, 0, 0, 0, 0, 0, 0, 7, 0x42, 0x82, 0x84, ...Buffer.from('webm')])],
])('knows %s (%#)', (name, bytes) => {
  expect(sniffContainer(bytes, video)).toBe(name);
});

it.each([
  ['mov', ftyp('qt  ')],
  ['matroska', ebml(VERSION, docType('matroska'))],
  ['matroska', ebml([[0xec], 'void'], docType('matroska\0'))],
  ['something else', Buffer.from('1234ftyx')],
  ['something else', Buffer.from(HEADER.slice(0, 3))],
])('names %s and refuses it (%#)', (name, bytes) => {
  expect(() => sniffContainer(bytes, video)).toThrow(
    expect.objectContaining({
      code: 'ERR_INPUT_FORMAT',
      message: `expected a video in mp4 or webm, found ${name}`,
    }),
  );
});

it.each([
  ['cut off', Buffer.from(HEADER)],
  ['cut off in a length', Buffer.from([...HEADER, 0x01, 0, 0])],
  ['with a length of zero bits', Buffer.from([...HEADER, 0, 0, 0])],
  ['whose element is longer than the file', Buffer.from([...HEADER, 0x90, 0x42, 0x86, 0x08, 0xff, 0xff])],
  ['that never says what it is', ebml(VERSION)],
])('leaves a header %s to the parser', (_, bytes) => {
  expect(sniffContainer(bytes, video)).toBe('webm');
});

it('takes no more bytes than it may', () => {
  const bytes = ftyp('isom');
  expect(sniffContainer(bytes, { ...video, maxBytes: bytes.length })).toBe('mp4');
  expect(() => sniffContainer(bytes, { ...video, maxBytes: bytes.length - 1 })).toThrow(
    expect.objectContaining({ code: 'ERR_INPUT_TOO_LARGE' }),
  );
});
