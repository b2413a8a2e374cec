/** Kinds of file that are told apart. The first four can be decoded; the rest are known so that a refusal can name them. */
export const FILE_KINDS = [
  'jpeg',
  'png',
  'webp',
  'gif',
  'avif',
  'heif',
  'tiff',
  'svg',
  'pdf',
  'jxl',
  'jp2',
  'bmp',
  'ico',
  'psd',
  'qoi',
  'hdr',
  'exr',
  'dds',
  'pnm',
  'mp4',
  'postscript',
  'html',
  'xml',
  'zip',
  'gzip',
  'unknown',
] as const;

/** One of {@link FILE_KINDS}. */
export type FileKind = (typeof FILE_KINDS)[number];

interface Signature {
  readonly kind: FileKind;
  /** Latin-1 text by its offset; all of it must be there. */
  readonly texts: readonly (readonly [at: number, text: string])[];
}

/** More specific ones first. */
const SIGNATURES: readonly Signature[] = [
  { kind: 'jpeg', texts: [[0, '\xff\xd8\xff']] },
  { kind: 'png', texts: [[0, '\x89PNG\r\n\x1a\n']] },
  // Between the two lies the length of the container. A RIFF of another kind is a sound or a film.
  {
    kind: 'webp',
    texts: [
      [0, 'RIFF'],
      [8, 'WEBP'],
    ],
  },
  { kind: 'gif', texts: [[0, 'GIF8']] },
  { kind: 'tiff', texts: [[0, 'II*\0']] },
  { kind: 'tiff', texts: [[0, 'MM\0*']] },
  { kind: 'tiff', texts: [[0, 'II+\0']] },
  { kind: 'tiff', texts: [[0, 'MM\0+']] },
  { kind: 'jxl', texts: [[0, '\0\0\0\x0cJXL \r\n\x87\n']] },
  { kind: 'jxl', texts: [[0, '\xff\x0a']] },
  { kind: 'jp2', texts: [[0, '\0\0\0\x0cjP  \r\n\x87\n']] },
  { kind: 'jp2', texts: [[0, '\xff\x4f\xff\x51']] },
  { kind: 'pdf', texts: [[0, '%PDF-']] },
  { kind: 'postscript', texts: [[0, '%!PS']] },
  { kind: 'psd', texts: [[0, '8BPS']] },
  { kind: 'qoi', texts: [[0, 'qoif']] },
  { kind: 'hdr', texts: [[0, '#?RADIANCE']] },
  { kind: 'hdr', texts: [[0, '#?RGBE']] },
  { kind: 'exr', texts: [[0, '\x76\x2f\x31\x01']] },
  { kind: 'dds', texts: [[0, 'DDS ']] },
  { kind: 'zip', texts: [[0, 'PK\x03\x04']] },
  { kind: 'gzip', texts: [[0, '\x1f\x8b']] },
  { kind: 'ico', texts: [[0, '\0\0\x01\0']] },
  { kind: 'ico', texts: [[0, '\0\0\x02\0']] },
  // Two letters are a weak signature; the four reserved bytes are zero.
  {
    kind: 'bmp',
    texts: [
      [0, 'BM'],
      [6, '\0\0\0\0'],
    ],
  },
];

/** Brands of the ISO base media file format, of pictures; any other is a film. */
const BRANDS: ReadonlyMap<string, FileKind> = new Map([
  ['avif', 'avif'],
  ['avis', 'avif'],
  ...['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'mif2', 'msf1', 'heif'].map(
    (brand) => [brand, 'heif'] as const,
  ),
  ['jxl ', 'jxl'],
  ['jp2 ', 'jp2'],
]);

/** How far into a text a root element is looked for. */
const TEXT_WINDOW = 4096;
/** Brands that are looked at. */
const MAX_BRANDS = 32;

/** Names a file by what it begins with and nothing else: no extension and no media type has a say. */
export function fileKindOf(bytes: Uint8Array): FileKind {
  const signed = SIGNATURES.find(({ texts }) => texts.every(([at, text]) => spells(bytes, at, text)));
  if (signed) return signed.kind;
  if (spells(bytes, 4, 'ftyp')) return brandOf(bytes);
  if (/^P[1-7][\s#]/.test(latin1(bytes, 0, 3))) return 'pnm';
  return markupOf(bytes) ?? 'unknown';
}

/** The major brand decides; where it is one of the shared ones, the first compatible brand that is less general does. */
function brandOf(bytes: Uint8Array): FileKind {
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  const end = Math.min(bytes.length, a * 0x1000000 + ((b << 16) | (c << 8) | d), 16 + MAX_BRANDS * 4);
  const brands = [latin1(bytes, 8, 12)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(latin1(bytes, at, at + 4));
  const kinds = brands.flatMap((brand) => BRANDS.get(brand) ?? []);
  return kinds.find((kind) => kind !== 'heif') ?? kinds[0] ?? 'mp4';
}

/** Text in angle brackets, after a byte order mark, white space, a declaration and comments. UTF-16 counts, too. */
function markupOf(bytes: Uint8Array): FileKind | undefined {
  const text = latin1(bytes, 0, TEXT_WINDOW)
    .replace(/^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, '')
    .replaceAll('\0', '')
    .trimStart()
    .toLowerCase();
  if (!text.startsWith('<')) return undefined;
  if (/<(?:\w+:)?svg[\s>/]/.test(text)) return 'svg';
  if (/^<(?:!doctype html|html|head|body|script)\b/.test(text)) return 'html';
  return text.startsWith('<?xml') ? 'xml' : undefined;
}

function spells(bytes: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[at + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
