import { ByteView } from './byte-view.ts';
import { SanitizeError } from './errors.ts';
import type { ColourKind } from './image-header.ts';

/** Those of presses have half a megabyte; what is larger is no profile for a picture from a stranger. */
export const MAX_PROFILE_BYTES = 4 * 1024 * 1024;

const HEADER_BYTES = 128;
const TAG_ENTRY_BYTES = 12;
/** The colour engine reads no more. */
const MAX_TAGS = 100;
/** The colour engine takes no longer curve. */
const MAX_CURVE_ENTRIES = 0x7fff;
const MAJOR_VERSIONS = [2, 4];
/** Scanner, display, printer and colour space: device profiles. Links, abstract and named ones say nothing about pixels. */
const CLASSES = ['scnr', 'mntr', 'prtr', 'spac'];
/** The colour space that fits the decoded samples, and how many there are of it. */
const SPACES: Readonly<Record<ColourKind, { readonly name: string; readonly channels: number }>> = {
  gray: { name: 'GRAY', channels: 1 },
  rgb: { name: 'RGB ', channels: 3 },
  palette: { name: 'RGB ', channels: 3 },
  cmyk: { name: 'CMYK', channels: 4 },
};
/** Parameters of each function type of a parametric curve. ICC.1:2022, table 68. */
const CURVE_PARAMETERS = [1, 3, 4, 5, 7];

interface Tag {
  readonly start: number;
  readonly length: number;
}

/**
 * Checks an embedded profile before a decoder is trusted to apply it: the decoder says nothing about one that it could
 * not use, and hands the pixels over unconverted. So this accepts less than the standard: device profiles of matrix and
 * curves, of one grey curve, or of one table (`mft1`, `mft2`).
 *
 * @throws {SanitizeError} `ERR_INPUT_COLOUR` if it is broken, for another kind of colour, or of another kind.
 * @see ICC.1:2022, sections 7.2 (header), 7.3 (tag table), 8 (required tags) and 10 (types)
 */
export function checkProfile(bytes: Uint8Array, colour: ColourKind): void {
  if (bytes.length > MAX_PROFILE_BYTES) {
    throw refuse(`at most ${MAX_PROFILE_BYTES} bytes`, `${bytes.length}`);
  }
  try {
    const view = new ByteView(bytes, 'colour profile');
    checkHeader(view, bytes.length, colour);
    checkColours(view, readTags(view, bytes.length), colour);
  } catch (cause) {
    // Reading past the end is the view's own refusal, under another code.
    if (!(cause instanceof SanitizeError) || cause.code === 'ERR_INPUT_COLOUR') throw cause;
    throw refuse('one that is whole', 'a broken one', { cause });
  }
}

function checkHeader(view: ByteView, length: number, colour: ColourKind): void {
  view.need(0, HEADER_BYTES + 4);
  if (view.u32be(0) !== length || view.fourCc(36) !== 'acsp') throw refuse('an ICC profile', 'another thing');
  if (!MAJOR_VERSIONS.includes(view.u8(8))) throw refuse('version 2 or 4', 'another');
  if (!CLASSES.includes(view.fourCc(12))) throw refuse('one of a device', 'another');
  if (view.fourCc(16) !== SPACES[colour].name) throw refuse(`one for ${colour} pictures`, 'another');
  if (!['XYZ ', 'Lab '].includes(view.fourCc(20))) throw refuse('one that leads to XYZ or Lab', 'another');
}

function readTags(view: ByteView, length: number): ReadonlyMap<string, Tag> {
  const count = view.u32be(HEADER_BYTES);
  if (count > MAX_TAGS) throw refuse(`at most ${MAX_TAGS} tags`, `${count}`);
  const tags = new Map<string, Tag>();
  for (let index = 0; index < count; index++) {
    const at = HEADER_BYTES + 4 + index * TAG_ENTRY_BYTES;
    const name = view.fourCc(at);
    const tag = { start: view.u32be(at + 4), length: view.u32be(at + 8) };
    if (tags.has(name)) throw refuse('each tag once', 'one twice');
    if (tag.start < HEADER_BYTES || tag.start + tag.length > length) throw refuse('whole tags', 'a cut one');
    tags.set(name, tag);
  }
  return tags;
}

/** What the colour engine will use for perceptual intent, in its own order: table, grey curve, matrix. */
function checkColours(view: ByteView, tags: ReadonlyMap<string, Tag>, colour: ColourKind): void {
  if (tags.has('D2B0')) throw refuse('one of whole numbers', 'one of floats');
  if (tags.has('A2B0')) {
    checkTable(view, need(tags, 'A2B0'), SPACES[colour].channels);
  } else if (colour === 'gray') {
    checkCurve(view, need(tags, 'kTRC'));
  } else {
    for (const name of ['rXYZ', 'gXYZ', 'bXYZ']) checkXyz(view, need(tags, name));
    for (const name of ['rTRC', 'gTRC', 'bTRC']) checkCurve(view, need(tags, name));
  }
}

function need(tags: ReadonlyMap<string, Tag>, name: string): Tag {
  const tag = tags.get(name);
  if (tag === undefined) throw refuse(`one with the tag ${name}`, 'one without');
  return tag;
}

function checkXyz(view: ByteView, { start, length }: Tag): void {
  if (view.fourCc(start) !== 'XYZ ' || length < 20) throw refuse('primaries in XYZ', 'something else');
}

function checkCurve(view: ByteView, { start, length }: Tag): void {
  const type = view.fourCc(start);
  if (type === 'curv') {
    const entries = view.u32be(start + 8);
    if (entries <= MAX_CURVE_ENTRIES && length >= 12 + entries * 2) return;
  } else if (type === 'para') {
    const parameters = CURVE_PARAMETERS[view.u16be(start + 8)];
    if (parameters !== undefined && length >= 12 + parameters * 4) return;
  }
  throw refuse('whole curves', 'something else');
}

function checkTable(view: ByteView, { start, length }: Tag, channels: number): void {
  const type = view.fourCc(start);
  if (type !== 'mft1' && type !== 'mft2') throw refuse('a table of type mft1 or mft2', 'another');
  const [inputs, outputs, grid] = [view.u8(start + 8), view.u8(start + 9), view.u8(start + 10)];
  if (inputs !== channels || outputs !== 3 || grid < 2)
    throw refuse('a table for its own colours', 'another');
  const nodes = grid ** inputs * outputs;
  if (type === 'mft1') {
    if (length >= 48 + 256 * (inputs + outputs) + nodes) return;
  } else {
    const [before, after] = [view.u16be(start + 48), view.u16be(start + 50)];
    const entries = before * inputs + nodes + after * outputs;
    if (Math.min(before, after) >= 2 && Math.max(before, after) <= 4096 && length >= 52 + 2 * entries) return;
  }
  throw refuse('a whole table', 'a cut one');
}

function refuse(expected: string, found: string, options?: ErrorOptions): SanitizeError {
  return new SanitizeError(
    'ERR_INPUT_COLOUR',
    `expected ${expected} as colour profile, found ${found}`,
    options,
  );
}
