import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { checkProfile, MAX_PROFILE_BYTES } from './icc-profile.ts';
import type { ColourKind } from './image-header.ts';

const canvas = { width: 4, height: 4, background: { r: 200, g: 100, b: 50 } } as const;

async function builtIn(name: 'p3' | 'cmyk'): Promise<Uint8Array> {
  const { icc } = await sharp({ create: { ...canvas, channels: 3 } })
    .withIccProfile(name)
    .jpeg()
    .toBuffer()
    .then((bytes) => sharp(bytes).metadata());
  return icc!;
}

const p3 = await builtIn('p3');
const press = await builtIn('cmyk');

/** A profile of one grey curve: what a test needs of ICC.1:2022 and no more. */
function grayProfile(gamma = 2.2): Uint8Array {
  const profile = Buffer.alloc(128 + 4 + 2 * 12 + 20 + 16);
  profile.writeUInt32BE(profile.length, 0);
  profile.write('lcms', 4, 'latin1');
  profile.writeUInt32BE(0x02400000, 8);
  profile.write('mntrGRAYXYZ ', 12, 'latin1');
  profile.write('acsp', 36, 'latin1');
  // The illuminant, D50.
  [0xf6d6, 0x10000, 0xd32d].forEach((value, index) => profile.writeUInt32BE(value, 68 + index * 4));
  profile.writeUInt32BE(2, 128);
  profile.write('wtpt', 132, 'latin1');
  profile.writeUInt32BE(156, 136);
  profile.writeUInt32BE(20, 140);
  profile.write('kTRC', 144, 'latin1');
  profile.writeUInt32BE(176, 148);
  profile.writeUInt32BE(14, 152);
  profile.write('XYZ ', 156, 'latin1');
  [0xf6d6, 0x10000, 0xd32d].forEach((value, index) => profile.writeUInt32BE(value, 164 + index * 4));
  profile.write('curv', 176, 'latin1');
  profile.writeUInt32BE(1, 184);
  profile.writeUInt16BE(Math.round(gamma * 256), 188);
  return profile;
}

const colourRefusal = expect.objectContaining({ code: 'ERR_INPUT_COLOUR' }) as unknown;

function verdict(profile: Uint8Array, colour: ColourKind): 'accepted' | 'refused' {
  try {
    checkProfile(profile, colour);
    return 'accepted';
  } catch (error) {
    expect(error).toEqual(colourRefusal);
    return 'refused';
  }
}

function edit(profile: Uint8Array, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(profile);
  change(copy);
  return copy;
}

it.each([
  ['matrix and curves for RGB', p3, 'rgb'],
  ['matrix and curves for a palette', p3, 'palette'],
  ['a table for inks', press, 'cmyk'],
  ['a curve for grey', grayProfile(), 'gray'],
] as const)('accepts %s', (_, profile, colour) => {
  expect(verdict(profile, colour)).toBe('accepted');
});

describe('refuses', () => {
  it.each([
    ['a profile for another kind of colour', p3, 'gray'],
    ['inks for light', press, 'rgb'],
    ['light for inks', p3, 'cmyk'],
    ['nothing', new Uint8Array(), 'rgb'],
    ['a header alone', p3.subarray(0, 128), 'rgb'],
    ['a cut profile', p3.subarray(0, -1), 'rgb'],
    ['a length that lies', edit(p3, (copy) => copy.writeUInt32BE(copy.length + 1, 0)), 'rgb'],
    ['no signature', edit(p3, (copy) => copy.write('acsq', 36)), 'rgb'],
    ['a link between devices', edit(p3, (copy) => copy.write('link', 12)), 'rgb'],
    ['an unknown connection space', edit(p3, (copy) => copy.write('Luv ', 20)), 'rgb'],
    ['a flood of tags', edit(p3, (copy) => copy.writeUInt32BE(101, 128)), 'rgb'],
    ['no tags', edit(p3, (copy) => copy.writeUInt32BE(0, 128)), 'rgb'],
    ['a tag past the end', edit(p3, (copy) => copy.writeUInt32BE(copy.length, 136)), 'rgb'],
    ['a curve of another type', edit(grayProfile(), (copy) => copy.write('curw', 176)), 'gray'],
    ['a curve that is cut', edit(grayProfile(), (copy) => copy.writeUInt32BE(2, 184)), 'gray'],
    ['floats beside it', edit(p3, (copy) => copy.write('D2B0', 132)), 'rgb'],
  ] as const)('%s', (_, profile, colour) => {
    expect(verdict(profile, colour)).toBe('refused');
  });

  it('one byte more than the limit, but not the limit', () => {
    const sized = (length: number) =>
      edit(Buffer.concat([p3, Buffer.alloc(length - p3.length)]), (copy) => copy.writeUInt32BE(length, 0));
    expect(verdict(sized(MAX_PROFILE_BYTES), 'rgb')).toBe('accepted');
    expect(verdict(sized(MAX_PROFILE_BYTES + 1), 'rgb')).toBe('refused');
  });
});

/** A JPEG around the profile, in one marker segment. */
async function pictureWith(profile: Uint8Array, kind: 'rgb' | 'gray'): Promise<Buffer> {
  const plain = await sharp({ create: { ...canvas, channels: 3 } })
    .toColourspace(kind === 'gray' ? 'b-w' : 'srgb')
    .jpeg({ quality: 100 })
    .toBuffer();
  const body = Buffer.concat([Buffer.from('ICC_PROFILE\0\u0001\u0001', 'latin1'), profile]);
  const marker = Buffer.from([0xff, 0xe2, (body.length + 2) >> 8, (body.length + 2) & 0xff]);
  return Buffer.concat([plain.subarray(0, 2), marker, body, plain.subarray(2)]);
}

/** What the decoder says about a profile it could not use: it does not refuse, it warns. */
async function warningsOf(picture: Uint8Array): Promise<readonly string[]> {
  const warnings: string[] = [];
  const pipeline = sharp(picture).toColourspace('srgb').raw();
  pipeline.on('warning', (text: string) => warnings.push(text));
  await pipeline.toBuffer();
  return warnings.filter((text) => /profile/i.test(text));
}

describe('the decoder', () => {
  it('warns of a profile that it cannot use, which is why we check', async () => {
    const broken = edit(p3, (copy) => copy.write('acsq', 36));
    expect(await warningsOf(await pictureWith(broken, 'rgb'))).not.toEqual([]);
    expect(await warningsOf(await pictureWith(p3, 'rgb'))).toEqual([]);
    expect(await warningsOf(await pictureWith(grayProfile(), 'gray'))).toEqual([]);
  });

  it.each([
    ['rgb', p3],
    ['gray', grayProfile()],
  ] as const)('can use every %s profile that passes, whatever was changed in it', async (kind, profile) => {
    const change = fc.record({
      at: fc.oneof(fc.nat(profile.length - 1), fc.integer({ min: 128, max: 288 })),
      value: fc.integer({ min: 0, max: 255 }),
    });
    const seen = { accepted: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const changed = edit(profile, (copy) => {
          for (const { at, value } of changes) copy[at % copy.length] = value;
        });
        const outcome = verdict(changed, kind);
        seen[outcome]++;
        if (outcome === 'accepted') expect(await warningsOf(await pictureWith(changed, kind))).toEqual([]);
      }),
      { numRuns: 400 },
    );
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(0);
  });
});
