import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../sample-model.fixture.ts';
import {
  record,
  tarEntry,
  tarOf,
  zipOf,
  descriptorOf,
  type ZipLayout,
  type ZipParts,
} from './archive.fixture.ts';
import { extractArchive, type ExtractOptions } from './extract.ts';

/** Extracts an archive; whatever is refused has to leave nothing behind, inside or beside its folder. */
async function extract(archive: Uint8Array, options: ExtractOptions = {}) {
  const root = await makeFolder();
  const path = join(root, 'archive');
  const target = join(root, 'out');
  await writeFile(path, archive);
  try {
    const result = await extractArchive(path, target, options);
    return { result, target };
  } catch (error) {
    expect(await readdir(root)).toEqual(['archive']);
    throw error;
  }
}

const contentOf = async (archive: Uint8Array): Promise<Readonly<Record<string, string>>> => {
  const { result, target } = await extract(archive);
  const entries = result.files.map(
    async ({ path }) => [path, await readFile(join(target, path), 'utf8')] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
};

const refused = async (archive: Uint8Array, code: string, options: ExtractOptions = {}): Promise<void> => {
  await expect(extract(archive, options)).rejects.toMatchObject({ name: 'ModelError', code });
};

const LONG = `${'a'.repeat(120)}/${'b'.repeat(120)}.bin`;

describe('a tar archive', () => {
  it('is extracted with its folders', async () => {
    const archive = tarOf(tarEntry('./', { type: '5' }), tarEntry('m/', { type: '5' }), tarEntry('m/a', { content: 'x'.repeat(600) }), tarEntry('n/b')); // prettier-ignore
    expect(await contentOf(archive)).toEqual({ 'm/a': 'x'.repeat(600), 'n/b': '' });
    expect(await contentOf(gzipSync(archive))).toEqual({ 'm/a': 'x'.repeat(600), 'n/b': '' });
  });

  it.each<[string, Buffer]>([
    ['by pax records', Buffer.concat([tarEntry('x', { type: 'x', content: record('path', LONG) + record('mtime', '1') }), tarEntry('short', { content: 'a' })])], // prettier-ignore
    ['by a GNU entry', Buffer.concat([tarEntry('././@LongLink', { type: 'L', content: `${LONG}\0` }), tarEntry('short', { content: 'a' })])], // prettier-ignore
    ['by a prefix', tarEntry('b'.repeat(90), { prefix: 'a'.repeat(120), content: 'a' })],
  ])('may have long names %s', async (_, entries) => {
    expect(Object.keys(await contentOf(tarOf(entries)))[0]!.length).toBeGreaterThan(100);
  });

  it('may have a comment for all entries, as git writes it', async () => {
    const archive = tarOf(
      tarEntry('g', { type: 'g', content: record('comment', 'a'.repeat(40)) }),
      tarEntry('a'),
    );
    expect(Object.keys(await contentOf(archive))).toEqual(['a']);
  });

  it.each<[string, string, Buffer]>([
    ['a path that climbs', 'ERR_MODEL_PATH', tarEntry('../a')],
    ['a path that climbs from a folder', 'ERR_MODEL_PATH', tarEntry('m/../../a')],
    ['an absolute path', 'ERR_MODEL_PATH', tarEntry('/tmp/a')],
    ['an absolute path by a record', 'ERR_MODEL_PATH', Buffer.concat([tarEntry('x', { type: 'x', content: record('path', '/tmp/a') }), tarEntry('a')])], // prettier-ignore
    ['a Windows path', 'ERR_MODEL_PATH', tarEntry('m\\..\\a')],
    ['a drive', 'ERR_MODEL_PATH', tarEntry('C:a')],
    ['a folder that climbs', 'ERR_MODEL_PATH', tarEntry('../m/', { type: '5' })],
    ['no name', 'ERR_MODEL_PATH', tarEntry('')],
    ['a symbolic link', 'ERR_MODEL_LINK', tarEntry('a', { type: '2', link: '/etc' })],
    ['a hard link', 'ERR_MODEL_LINK', tarEntry('a', { type: '1', link: 'b' })],
    ['a character device', 'ERR_MODEL_LINK', tarEntry('a', { type: '3' })],
    ['a block device', 'ERR_MODEL_LINK', tarEntry('a', { type: '4' })],
    ['a pipe', 'ERR_MODEL_LINK', tarEntry('a', { type: '6' })],
    ['a long name of a link', 'ERR_MODEL_FORMAT', tarEntry('a', { type: 'K', content: 'b\0' })],
    ['a sparse file', 'ERR_MODEL_FORMAT', tarEntry('a', { type: 'S' })],
    ['a sparse file by records', 'ERR_MODEL_FORMAT', Buffer.concat([tarEntry('x', { type: 'x', content: record('GNU.sparse.major', '1') }), tarEntry('a')])], // prettier-ignore
    ['a link by records', 'ERR_MODEL_FORMAT', Buffer.concat([tarEntry('x', { type: 'x', content: record('linkpath', '/etc') }), tarEntry('a')])], // prettier-ignore
    ['an entry of no known kind', 'ERR_MODEL_FORMAT', tarEntry('a', { type: '9' })],
    ['a file given twice', 'ERR_MODEL_PATH', Buffer.concat([tarEntry('a'), tarEntry('a')])],
    ['a folder given twice', 'ERR_MODEL_PATH', Buffer.concat([tarEntry('m/', { type: '5' }), tarEntry('m/', { type: '5' })])], // prettier-ignore
    ['two spellings of a file', 'ERR_MODEL_PATH', Buffer.concat([tarEntry('a'), tarEntry('A')])],
    ['two spellings of a folder', 'ERR_MODEL_PATH', Buffer.concat([tarEntry('m/a'), tarEntry('M/b')])],
    ['a file where a folder is', 'ERR_MODEL_PATH', Buffer.concat([tarEntry('m/a'), tarEntry('m')])],
    ['a folder where a file is', 'ERR_MODEL_PATH', Buffer.concat([tarEntry('m'), tarEntry('m/a')])],
    ['a size by record that is not the header’s', 'ERR_MODEL_AMBIGUOUS', Buffer.concat([tarEntry('x', { type: 'x', content: record('size', '0') }), tarEntry('a', { content: 'abc' })])], // prettier-ignore
    ['a path for all entries', 'ERR_MODEL_AMBIGUOUS', Buffer.concat([tarEntry('g', { type: 'g', content: record('path', 'b') }), tarEntry('a')])], // prettier-ignore
    ['a record given twice', 'ERR_MODEL_AMBIGUOUS', Buffer.concat([tarEntry('x', { type: 'x', content: record('path', 'b') + record('path', 'c') }), tarEntry('a')])], // prettier-ignore
    ['records and a GNU name', 'ERR_MODEL_AMBIGUOUS', Buffer.concat([tarEntry('x', { type: 'x', content: record('path', 'b') }), tarEntry('L', { type: 'L', content: 'c\0' }), tarEntry('a')])], // prettier-ignore
    ['a name with something behind its end', 'ERR_MODEL_AMBIGUOUS', tarEntry('a\0b')],
    ['a file with the name of a folder', 'ERR_MODEL_AMBIGUOUS', tarEntry('m/')],
    ['a folder with content', 'ERR_MODEL_AMBIGUOUS', tarEntry('m/', { type: '5', content: 'a' })],
    ['records of a length that is not theirs', 'ERR_MODEL_FORMAT', Buffer.concat([tarEntry('x', { type: 'x', content: '99 path=b\n' }), tarEntry('a')])], // prettier-ignore
    [
      'records in front of nothing',
      'ERR_MODEL_FORMAT',
      tarEntry('x', { type: 'x', content: record('path', 'b') }),
    ],
    [
      'records without end',
      'ERR_MODEL_LIMIT',
      tarEntry('x', { type: 'x', content: record('comment', 'c'.repeat(70_000)) }),
    ],
    ['a wrong checksum', 'ERR_MODEL_FORMAT', tarEntry('a', { checksum: 1 })],
    ['a header of no kind', 'ERR_MODEL_FORMAT', tarEntry('a', { magic: 'ustar\x0001' })],
    ['a file longer than the archive', 'ERR_MODEL_FORMAT', tarEntry('a', { bytes: 4096 })],
  ])('is refused for %s', async (_, code, entries) => {
    await refused(tarOf(tarEntry('first', { content: 'one' }), entries), code);
  });

  it('is refused without its end, and with something behind it', async () => {
    await refused(tarEntry('a'), 'ERR_MODEL_FORMAT');
    await refused(Buffer.concat([tarEntry('a'), Buffer.alloc(512)]), 'ERR_MODEL_FORMAT');
    await refused(Buffer.concat([tarOf(tarEntry('a')), tarOf(tarEntry('b'))]), 'ERR_MODEL_AMBIGUOUS');
    await refused(Buffer.concat([gzipSync(tarOf(tarEntry('a'))), Buffer.from('more')]), 'ERR_MODEL_FORMAT');
    await refused(Buffer.concat([gzipSync(tarOf(tarEntry('a'))), Buffer.alloc(9)]), 'ERR_MODEL_AMBIGUOUS');
    await refused(gzipSync(tarOf(tarEntry('a'))).subarray(0, -9), 'ERR_MODEL_FORMAT');
  });

  it('is refused when little unpacks to much, before it is on disk', async () => {
    const bomb = gzipSync(tarOf(tarEntry('a', { content: new Uint8Array(8 * 1024 * 1024) })));
    await refused(bomb, 'ERR_MODEL_LIMIT');
    expect((await extract(bomb, { limits: { maxRatio: 2000 } })).result.bytes).toBe(8 * 1024 * 1024);
  });

  it('is extracted as a program wrote it', async () => {
    const root = await makeFolder();
    await mkdir(join(root, 'm/deep'), { recursive: true });
    await writeFile(join(root, 'm/deep', `${'n'.repeat(150)}.txt`), 'long');
    await writeFile(join(root, 'm/a'), 'short');
    for (const format of ['gnu', 'pax', 'ustar']) {
      const args = ['-C', root, `--format=${format}`, '-czf', join(root, `${format}.tgz`), 'm/a', ...(format === 'ustar' ? [] : ['m/deep'])]; // prettier-ignore
      expect(spawnSync('tar', args).status).toBe(0);
      const { result } = await extract(await readFile(join(root, `${format}.tgz`)));
      expect(result.files.length).toBe(format === 'ustar' ? 1 : 2);
    }
  });
});

describe('a zip archive', () => {
  it('is extracted with its folders, stored or deflated', async () => {
    const archive = zipOf([['m/', { mode: 0o040755, method: 0 }], ['m/a', { content: 'x'.repeat(600) }], ['b', { content: 'b', method: 0 }]]); // prettier-ignore
    expect(await contentOf(archive)).toEqual({ 'm/a': 'x'.repeat(600), b: 'b' });
  });

  const text: ZipParts = { content: 'text' };
  it.each<[string, string, readonly (readonly [string, ZipParts?])[], ZipLayout?]>([
    ['a path that climbs', 'ERR_MODEL_FORMAT', [['../a', text]]],
    ['an absolute path', 'ERR_MODEL_FORMAT', [['/tmp/a', text]]],
    ['a Windows path', 'ERR_MODEL_FORMAT', [['m\\a', text]]],
    ['a path that is not normalised', 'ERR_MODEL_PATH', [['m/./a', text]]],
    ['a symbolic link', 'ERR_MODEL_LINK', [['a', { content: '/etc', mode: 0o120777 }]]],
    ['a device', 'ERR_MODEL_LINK', [['a', { mode: 0o020644 }]]],
    ['a pipe', 'ERR_MODEL_LINK', [['a', { mode: 0o010644 }]]],
    ['a file given twice', 'ERR_MODEL_PATH', [['a', text], ['a', text]]], // prettier-ignore
    ['two spellings of a file', 'ERR_MODEL_PATH', [['a', text], ['A', text]]], // prettier-ignore
    ['two files that share their data', 'ERR_MODEL_AMBIGUOUS', [['a', text], ['b', { ...text, offset: 0, localName: 'a' }]]], // prettier-ignore
    ['another name in front of the file', 'ERR_MODEL_AMBIGUOUS', [['a', { ...text, localName: 'b' }]]],
    ['something in front', 'ERR_MODEL_AMBIGUOUS', [['a', text]], { before: Buffer.from('PK\x03\x04#!/bin/sh', 'latin1') }], // prettier-ignore
    ['something between two files', 'ERR_MODEL_AMBIGUOUS', [['a', { ...text, gap: 40 }], ['b', text]]], // prettier-ignore
    ['something between files and list', 'ERR_MODEL_AMBIGUOUS', [['a', { ...text, gap: 40 }]]],
    ['something behind the packed data of a file', 'ERR_MODEL_AMBIGUOUS', [['a', { ...text, hidden: Buffer.from('more') }]]], // prettier-ignore
    ['something behind the end', 'ERR_MODEL_AMBIGUOUS', [['a', text]], { after: Buffer.from('more') }],
    ['a comment', 'ERR_MODEL_AMBIGUOUS', [['a', text]], { comment: 'hello' }],
    ['more entries than there are', 'ERR_MODEL_FORMAT', [['a', text]], { entries: 2 }],
    ['an encrypted file', 'ERR_MODEL_FORMAT', [['a', { ...text, flags: 1 }]]],
    ['another compression', 'ERR_MODEL_FORMAT', [['a', { ...text, method: 12 }]]],
    ['a file longer than its header says', 'ERR_MODEL_FORMAT', [['a', { ...text, declaredBytes: 3 }]]],
    ['a file shorter than its header says', 'ERR_MODEL_FORMAT', [['a', { ...text, declaredBytes: 5 }]]],
    ['a wrong checksum', 'ERR_MODEL_FORMAT', [['a', { ...text, checksum: 1 }]]],
    ['zip64', 'ERR_MODEL_FORMAT', [['a', { ...text, extra: Buffer.from([1, 0, 0, 0]) }]]],
    ['a second name in Unicode', 'ERR_MODEL_AMBIGUOUS', [['a', { ...text, extra: Buffer.from([0x75, 0x70, 5, 0, 2, 0, 0, 0, 0]) }]]], // prettier-ignore
    ['a folder with content', 'ERR_MODEL_AMBIGUOUS', [['m/', { ...text, mode: 0o040755 }]]],
    ['a file where a folder is', 'ERR_MODEL_PATH', [['m/a', text], ['m', text]]], // prettier-ignore
  ])('is refused for %s', async (_, code, files, layout) => {
    await refused(zipOf(files, layout), code);
  });

  it('is refused when little unpacks to much', async () => {
    await refused(zipOf([['a', { content: new Uint8Array(8 * 1024 * 1024) }]]), 'ERR_MODEL_LIMIT');
  });

  it('is refused at every cut', async () => {
    const archive = zipOf([['a', text]]);
    for (let length = 4; length < archive.length; length += 7) {
      await expect(extract(archive.subarray(0, length))).rejects.toMatchObject({ name: 'ModelError' });
    }
  });

  it.skipIf(!existsSync('/usr/bin/python3'))(
    'is extracted as Python wrote it (skipped without python3)',
    async () => {
      const root = await makeFolder();
      const script = `import zipfile,sys
with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z:
    z.writestr('m/a.txt', 'text' * 100); z.writestr('b.bin', b'')`;
      const path = join(root, 'python.zip');
      expect(spawnSync('/usr/bin/python3', ['-c', script, path]).status).toBe(0);
      expect(await contentOf(await readFile(path))).toEqual({ 'm/a.txt': 'text'.repeat(100), 'b.bin': '' });
    },
  );
});

describe('an extraction', () => {
  const archive = tarOf(tarEntry('a', { content: 'abcd' }), tarEntry('b', { content: 'ef' }));
  it.each([
    ['maxEntries', 2],
    ['maxFileBytes', 4],
    ['maxTotalBytes', 6],
  ])('accepts %s and refuses one more', async (name, limit) => {
    for (const bytes of [
      archive,
      zipOf([
        ['a', { content: 'abcd' }],
        ['b', { content: 'ef' }],
      ]),
    ]) {
      // prettier-ignore
      expect((await extract(bytes, { limits: { [name]: limit } })).result.bytes).toBe(6);
      await refused(bytes, 'ERR_MODEL_LIMIT', { limits: { [name]: limit - 1 } });
    }
  });

  it('leaves no reading under way when it is refused half-way', async () => {
    // An unpacker that nobody listens to any more must not find its file closed: that would end the process.
    const content = randomBytes(300_000);
    const archives = [
      zipOf([['a', { content }]]),
      zipOf([['a', { content, checksum: 1 }]]),
      zipOf([['a', { content, declaredBytes: 1000 }]]),
      tarOf(tarEntry('a', { content })),
      gzipSync(tarOf(tarEntry('a', { content }))),
    ];
    const unheard: unknown[] = [];
    const hear = (error: unknown): void => void unheard.push(error);
    process.on('uncaughtException', hear);
    try {
      for (const bytes of archives) {
        for (let round = 0; round < 10; round++) {
          await expect(extract(bytes, { limits: { maxFileBytes: 299_999 } })).rejects.toThrow('expected');
        }
      }
      await setTimeout(50);
    } finally {
      process.off('uncaughtException', hear);
    }
    expect(unheard).toEqual([]);
  });

  it('never writes into a folder that is there', async () => {
    const root = await makeFolder();
    await writeFile(join(root, 'archive'), archive);
    await mkdir(join(root, 'out'));
    await writeFile(join(root, 'out', 'mine'), 'kept');
    await expect(extractArchive(join(root, 'archive'), join(root, 'out'))).rejects.toMatchObject({
      code: 'ERR_MODEL_PATH',
    });
    expect(await readdir(join(root, 'out'))).toEqual(['mine']);
  });

  it('reads no link, no folder and nothing that is not there', async () => {
    const root = await makeFolder();
    await writeFile(join(root, 'archive'), archive);
    await symlink('archive', join(root, 'link'));
    const codeOf = async (name: string) =>
      extractArchive(join(root, name), join(root, 'out')).catch((error: unknown) => error);
    expect(await codeOf('link')).toMatchObject({ code: 'ERR_MODEL_LINK' });
    expect(await codeOf('.')).toMatchObject({ code: 'ERR_MODEL_LINK' });
    expect(await codeOf('gone')).toMatchObject({ code: 'ERR_MODEL_MISSING' });
  });

  it('refuses what is no archive, and options that are none', async () => {
    await refused(Buffer.from('hello'), 'ERR_MODEL_FORMAT');
    await refused(archive, 'ERR_MODEL_OPTIONS', { limits: { maxRatio: -1 } });
  });
});

describe('behind the data of a file in a zip', () => {
  const text = 'content '.repeat(20);
  const withDescriptor = (descriptor: Uint8Array, parts: ZipParts = {}): Buffer =>
    zipOf([
      ['a', { content: text, flags: 8, descriptor, ...parts }],
      ['b', { content: 'b' }],
    ]);

  it.each([true, false])('checksum and sizes may stand once more, with a signature: %s', async (isSigned) => {
    expect(await contentOf(withDescriptor(descriptorOf(text, isSigned)))).toEqual({ a: text, b: 'b' });
    const last = zipOf([['a', { content: text, flags: 8, descriptor: descriptorOf(text, isSigned) }]]);
    expect(await contentOf(last)).toEqual({ a: text });
  });

  const sound = descriptorOf(text);
  const changed = (at: number): Buffer => {
    const copy = Buffer.from(sound);
    copy[at]! ^= 1;
    return copy;
  };
  it.each<[string, Buffer]>([
    ['nothing where something was promised', withDescriptor(Buffer.alloc(0))],
    ['another signature', withDescriptor(changed(0))],
    ['another checksum', withDescriptor(changed(4))],
    ['another packed size', withDescriptor(changed(8))],
    ['another size', withDescriptor(changed(12))],
    ['another size without a signature', withDescriptor(changed(12).subarray(4))],
    ['a byte less', withDescriptor(sound.subarray(0, 15))],
    ['a byte more', withDescriptor(Buffer.concat([sound, Buffer.alloc(1)]))],
    ['sixteen bytes of something else', withDescriptor(Buffer.from('hidden hidden hi'))],
    ['other sizes in front', withDescriptor(sound, { localSizes: [1, 2, 3] })],
    [
      'stored data without its size in front',
      withDescriptor(descriptorOf(text, true, text.length), { method: 0 }),
    ],
  ])('is refused: %s', async (_, archive) => {
    await refused(archive, 'ERR_MODEL_AMBIGUOUS');
  });
});

it('a name in a zip is UTF-8 and says so, or plain', async () => {
  expect(Object.keys(await contentOf(zipOf([['ä', { flags: 0x800 }]])))).toEqual(['ä']);
  await refused(zipOf([['ä']]), 'ERR_MODEL_AMBIGUOUS');
  await refused(zipOf([['a', { flags: 0x800, rawName: Buffer.from([0x61, 0x82]) }]]), 'ERR_MODEL_FORMAT');
});

describe('what a tar holds beside its files', () => {
  const zeros = (blocks: number): Buffer => Buffer.concat([tarEntry('a'), Buffer.alloc(512 * (blocks + 1))]);
  it('are zeros at the end, of 1 MiB at most', async () => {
    expect(Object.keys(await contentOf(zeros(2048)))).toEqual(['a']);
    await refused(zeros(2049), 'ERR_MODEL_LIMIT');
  });

  it('are records, of 16 MiB at most in all', async () => {
    const long = tarEntry('g', { type: 'g', content: record('comment', 'c'.repeat(65_000)) });
    const archive = (count: number): Buffer =>
      tarOf(...Array.from({ length: count }, () => long), tarEntry('a'));
    expect(Object.keys(await contentOf(archive(258)))).toEqual(['a']);
    await refused(archive(259), 'ERR_MODEL_LIMIT');
  });

  it('are records for all entries, each counted as an entry', async () => {
    const record_ = tarEntry('g', { type: 'g', content: record('comment', 'c') });
    const archive = gzipSync(tarOf(record_, record_, tarEntry('a')));
    await expect(extract(archive, { limits: { maxEntries: 3 } })).resolves.toBeDefined();
    await refused(archive, 'ERR_MODEL_LIMIT', { limits: { maxEntries: 2 } });
  });
});
