import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { findMismatches } from './claim.ts';
import type { ClaimedType } from './claim.ts';
import { inspectImage } from './header.ts';
import { sanitizeImage } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';

const spec = defineInputSpec({
  formats: ['jpeg', 'png', 'webp'],
  geometry: { none: true },
  tensor: { layout: 'NHWC', dtype: 'u8' },
});
const png = await sharp({ create: { width: 4, height: 4, channels: 3, background: 'teal' } })
  .png()
  .toBuffer();

describe('a file name', () => {
  it.each(['cat.png', 'CAT.PNG', 'a/b.c/cat.png', 'C:\\pictures\\cat.Png', 'cat.apng', 'cat.jpg.png'])(
    '%s agrees with a PNG',
    (fileName) => {
      expect(findMismatches('png', { fileName })).toEqual([]);
    },
  );

  it.each(['cat', '', '.png', 'photos.jpg/cat', 'cat.bin', 'cat.', '.htaccess'])(
    '%s claims nothing',
    (fileName) => {
      expect(findMismatches('png', { fileName })).toEqual([]);
    },
  );

  it.each(['cat.jpg', 'cat.png.html', 'cat.svg', 'cat.exe', 'cat.png ', 'cat.pngx'])(
    '%s contradicts a PNG',
    (fileName) => {
      expect(findMismatches('png', { fileName })).toEqual(['file name']);
    },
  );

  it.each(['a.jpg', 'a.jpeg', 'a.jpe', 'a.jfif'])('%s agrees with a JPEG', (fileName) => {
    expect(findMismatches('jpeg', { fileName })).toEqual([]);
  });
});

describe('a media type', () => {
  it.each(['image/png', 'IMAGE/PNG', ' image/png ; q=1', 'image/apng', 'application/octet-stream', ''])(
    '%j agrees with a PNG',
    (mimeType) => {
      expect(findMismatches('png', { mimeType })).toEqual([]);
    },
  );

  it.each(['image/jpeg', 'text/html', 'image/svg+xml', 'image/png+xml'])(
    '%s contradicts a PNG',
    (mimeType) => {
      expect(findMismatches('png', { mimeType })).toEqual(['media type']);
    },
  );
});

describe('a contradiction', () => {
  const claimed = { fileName: 'cat.jpg', mimeType: 'text/html' };

  it('is in the header, and a finding', async () => {
    expect(inspectImage(png, spec, { claimed }).mismatches).toEqual(['file name', 'media type']);
    const { report } = await sanitizeImage(png, spec, { claimed });
    expect(report.findings).toEqual([
      { code: 'type-mismatch', message: 'the file name and the media type said something else than png' },
    ]);
  });

  it('is refused where the caller says so', async () => {
    const refusal = expect.objectContaining({ code: 'ERR_INPUT_FORMAT' }) as Error;
    const options = { claimed, mismatch: 'refuse' } as const;
    expect(() => inspectImage(png, undefined, options)).toThrow(refusal);
    await expect(sanitizeImage(png, spec, options)).rejects.toThrow(refusal);
  });

  it('of nobody is neither', async () => {
    expect(inspectImage(png).mismatches).toEqual([]);
    const options = { claimed: { fileName: 'cat.png' }, mismatch: 'refuse' } as const;
    expect((await sanitizeImage(png, spec, options)).report.findings).toEqual([]);
  });

  it('does not repeat what the stranger wrote', () => {
    const fileName = 'x.<script>';
    try {
      inspectImage(png, spec, { claimed: { fileName }, mismatch: 'refuse' });
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message).not.toContain('script');
    }
  });
});

describe("a claim out of a stranger's JSON", () => {
  it.each([[null], [{ fileName: null, mimeType: null }], [{ fileName: undefined }]])(
    'claims nothing where it is unset: %j',
    async (unset) => {
      const options = { claimed: unset as unknown as ClaimedType, mismatch: 'refuse' } as const;
      expect(inspectImage(png, spec, options).mismatches).toEqual([]);
      expect((await sanitizeImage(png, spec, options)).report.findings).toEqual([]);
    },
  );

  it.each([[5], [['a.png']], [{}], [true], [Symbol('png')], [() => 'png']])(
    'contradicts any content where it is no text: %o',
    async (wrong) => {
      const claimed = { fileName: wrong, mimeType: wrong } as unknown as ClaimedType;
      expect(inspectImage(png, spec, { claimed }).mismatches).toEqual(['file name', 'media type']);
      const { report } = await sanitizeImage(png, spec, { claimed });
      expect(report.findings.map(({ code }) => code)).toEqual(['type-mismatch']);
      await expect(sanitizeImage(png, spec, { claimed, mismatch: 'refuse' })).rejects.toMatchObject({
        code: 'ERR_INPUT_FORMAT',
      });
    },
  );
});
