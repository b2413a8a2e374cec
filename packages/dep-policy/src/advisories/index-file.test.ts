import { readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { PackageName } from '../ecosystem.ts';
import { npmEntry, osvRecord, pypiEntry } from '../testing/osv.ts';
import { writeProject } from '../testing/workspace.ts';
import { zipOf } from '../testing/zip.ts';
import { buildAdvisoryIndex } from './build-index.ts';
import { openAdvisories } from './open-advisories.ts';
import { openAdvisoryIndex } from './open-index.ts';
import { parseOsvRecord } from './osv-record.ts';
import { decodeSlim, encodeSlim } from './slim-record.ts';

const RECORDS = [
  osvRecord('GHSA-1', npmEntry('left', 'introduced', '0', 'fixed', '1.0.0'), {
    aliases: ['CVE-1'],
    summary: 'A hole',
  }),
  osvRecord('PYSEC-1', pypiEntry('Zope_X', 'introduced', '0', 'last_affected', '2.0')),
  osvRecord('MAL-1', { package: { ecosystem: 'npm', name: 'evil' }, versions: ['1.0.0'] }),
  osvRecord('GHSA-2', [npmEntry('left', 'introduced', '3.0.0'), npmEntry('right', 'introduced', '0')]),
];

const named = (ecosystem: 'npm' | 'PyPI', name: string): PackageName & { versions: [] } => ({
  ecosystem,
  name,
  versions: [],
});

async function build(files: Readonly<Record<string, string | object>>, from?: readonly string[]) {
  const root = await writeProject(files);
  const out = join(root, 'out.index');
  const built = await buildAdvisoryIndex({
    from: (from ?? Object.keys(files)).map((name) => join(root, name)),
    out,
  });
  return { root, out, ...built };
}

async function openBuilt(files: Readonly<Record<string, string | object>>, from?: readonly string[]) {
  const { out, ...built } = await build(files, from);
  const index = await openAdvisoryIndex(out);
  onTestFinished(() => index.close());
  return { ...built, out, index };
}

const lines = (records: readonly object[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');
const ids = (records: readonly { readonly id: string }[]): string[] => records.map(({ id }) => id).sort();

describe('an index', () => {
  it('gives back every record of the packages asked for, as it was read', async () => {
    const { index } = await openBuilt({ 'all.ndjson': lines(RECORDS) });
    const found = await index.advisoriesFor([named('npm', 'left'), named('PyPI', 'zope-x')]);
    expect(found.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
      [RECORDS[0], RECORDS[3], RECORDS[1]].map((record) => parseOsvRecord(record)),
    );
    expect(
      await index.advisoriesFor([named('npm', 'zope-x'), named('PyPI', 'left'), named('npm', 'zzz')]),
    ).toEqual([]);
  });

  it('is the same from a zip, a folder and lines', async () => {
    const files = Object.fromEntries(
      RECORDS.map((record) => [`${String(record['id'])}.json`, JSON.stringify(record)]),
    );
    const fromLines = await openBuilt({ 'all.ndjson': lines(RECORDS) });
    const root = await writeProject({ 'folder/x.txt': 'not a record' });
    await writeFile(join(root, 'folder/all.zip'), zipOf(files));
    const out = join(root, 'zip.index');
    const { header } = await buildAdvisoryIndex({ from: [join(root, 'folder')], out });
    expect(header.counts).toMatchObject({ ...fromLines.header.counts, ignored: 1 });
    const zipped = await openAdvisoryIndex(out);
    onTestFinished(() => zipped.close());
    const asked = [named('npm', 'left'), named('npm', 'evil'), named('npm', 'right')];
    expect(ids(await zipped.advisoriesFor(asked))).toEqual(ids(await fromLines.index.advisoriesFor(asked)));
  });

  it('finds each of 5,000 packages, and none between them', async () => {
    const many = Array.from({ length: 5000 }, (_, at) =>
      osvRecord(`MAL-${at}`, { package: { ecosystem: 'npm', name: `p${at * 2}` }, versions: ['1.0.0'] }),
    );
    const { index } = await openBuilt({ 'all.ndjson': lines(many) });
    const found = await index.advisoriesFor(
      Array.from({ length: 10_001 }, (_, at) => named('npm', `p${at}`)),
    );
    expect(new Set(ids(found)).size).toBe(5000);
    await index.verify();
  });

  it('keeps of several records with one id that which was modified last, whatever their order', async () => {
    const old = osvRecord('X-1', npmEntry('left', 'introduced', '0'), { modified: '2025-01-01T00:00:00Z' });
    const young = osvRecord('X-1', npmEntry('left', 'introduced', '5.0.0'), {
      modified: '2025-01-01T00:00:00.5Z',
    });
    for (const records of [
      [old, young],
      [young, old],
    ]) {
      const { index, header } = await openBuilt({ 'all.ndjson': lines(records) });
      expect(await index.advisoriesFor([named('npm', 'left')])).toEqual([parseOsvRecord(young)]);
      expect(header.counts).toMatchObject({ records: 1, replaced: 1 });
    }
  });

  it('knows groups of aliases that go through records about other packages, and other ecosystems', async () => {
    const { index } = await openBuilt({
      'all.ndjson': lines([
        osvRecord('A', npmEntry('left', 'introduced', '0'), { aliases: ['D'] }),
        osvRecord('B', { package: { ecosystem: 'Go', name: 'x' }, versions: ['1'] }, { aliases: ['D', 'C'] }),
        osvRecord('E', npmEntry('left', 'introduced', '0'), { related: ['C'], upstream: ['C'] }),
        osvRecord('F', npmEntry('left', 'introduced', '0'), {
          aliases: ['C', 'E'],
          withdrawn: '2026-01-01T00:00:00Z',
        }),
      ]),
    });
    const groups = (await index.advisoriesFor([named('npm', 'left')])).map(({ group }) => group);
    expect(groups).toEqual([['A', 'B', 'C', 'D'], ['E'], ['F', 'C', 'E']]);
  });

  it('counts what could not be read, and says where it stands', async () => {
    const { header, rejected } = await openBuilt({
      'all.ndjson': `${lines([RECORDS[0]!])}{"id":\n{"id":"X-2","affected":{}}\n`,
      'note.json': { title: 'no record' },
    });
    expect(header.counts).toMatchObject({ records: 1, rejected: 2, ignored: 1 });
    expect(rejected).toEqual(['all.ndjson:2', 'all.ndjson:3']);
  });

  it.each([
    ['a list in a file', { 'all.json': JSON.stringify(RECORDS) }],
    ['lists on lines', { 'all.ndjson': RECORDS.map((record) => `${JSON.stringify([record])}\n`).join('') }],
    ['the answer of a service', { 'all.json': { vulns: RECORDS } }],
  ])('takes records from %s', async (_what, files) => {
    const { index, header } = await openBuilt(files);
    expect(header.counts).toMatchObject({ records: 4, rejected: 0, ignored: 0 });
    expect(ids(await index.advisoriesFor([named('npm', 'left')]))).toEqual(['GHSA-1', 'GHSA-2']);
  });

  it('counts what is no record in a list of records, and says where it stands', async () => {
    const { header, rejected } = await openBuilt({ 'all.json': JSON.stringify([RECORDS[0], 'x', {}]) });
    expect(header.counts).toMatchObject({ records: 1, rejected: 2 });
    expect(rejected).toEqual(['all.json[1]', 'all.json[2]']);
  });

  it.each([
    ['a text', 'left', 1],
    ['a package that is a text', { package: 'left', versions: ['1.0.0'] }, 1],
    ['a package without an ecosystem', { package: { name: 'left' }, versions: ['1.0.0'] }, 1],
    ['commits alone', { ranges: [{ type: 'GIT', repo: 'x', events: [{ introduced: '0' }] }] }, 0],
    ['commits, and null for a package', { package: null }, 0],
    ['another ecosystem', { package: { ecosystem: 'Go', name: 'left' }, versions: ['1.0.0'] }, 0],
  ])('counts a record with an entry of %s, and keeps its other entries', async (_what, entry, rejected) => {
    const record = osvRecord('GHSA-3', [entry as object, npmEntry('left', 'introduced', '0')]);
    const { index, header } = await openBuilt({ 'all.json': record });
    expect(header.counts).toMatchObject({ records: 1, rejected });
    expect(ids(await index.advisoriesFor([named('npm', 'left')]))).toEqual(['GHSA-3']);
  });

  it.each([
    ['nothing', { 'all.ndjson': '' }],
    ['an empty list', { 'all.json': '[]' }],
    ['other JSON', { 'all.json': { dependencies: {} } }],
    [
      'another ecosystem',
      { 'all.json': osvRecord('X', { package: { ecosystem: 'Go', name: 'x' }, versions: ['1'] }) },
    ],
  ])('is not made of %s', async (_what, files) => {
    await expect(build(files)).rejects.toMatchObject({ code: 'ERR_DEP_ADVISORIES' });
  });

  it.each([
    ['npm alone', [npmEntry('left', 'introduced', '0')], ['npm']],
    ['PyPI alone', [pypiEntry('left', 'introduced', '0')], ['PyPI']],
    ['both', [npmEntry('a', 'introduced', '0'), pypiEntry('z', 'introduced', '0')], ['npm', 'PyPI']],
    [
      'both, in many blocks of names',
      Array.from({ length: 3000 }, (_, at) => (at === 0 ? npmEntry : pypiEntry)(`p${at}`, 'introduced', '0')),
      ['npm', 'PyPI'],
    ],
  ])('knows of which ecosystems it has records: %s', async (_what, entries, ecosystems) => {
    const records = entries.map((entry, at) => osvRecord(`X-${at}`, entry));
    const { index } = await openBuilt({ 'all.ndjson': lines(records) });
    expect(index.description.ecosystems).toEqual(ecosystems);
  });

  it('is as old as its oldest source, and never from the future', async () => {
    const root = await writeProject({ 'a.ndjson': lines(RECORDS), 'b.ndjson': lines(RECORDS) });
    await utimes(join(root, 'a.ndjson'), new Date(), new Date('2026-01-02T03:04:05Z'));
    await utimes(join(root, 'b.ndjson'), new Date(), new Date('2999-01-01T00:00:00Z'));
    const now = new Date('2026-06-01T00:00:00Z');
    const out = join(root, 'out.index');
    const both = await buildAdvisoryIndex({
      from: [join(root, 'a.ndjson'), join(root, 'b.ndjson')],
      out,
      now,
    });
    expect(both.header.asOf).toBe('2026-01-02T03:04:05.000Z');
    const later = await buildAdvisoryIndex({ from: [join(root, 'b.ndjson')], out, now });
    expect(later.header.asOf).toBe(now.toISOString());
  });

  it('leaves nothing else behind, and what was there if a source is missing', async () => {
    const { root, out } = await build({ 'all.ndjson': lines(RECORDS) });
    const before = await readFile(out);
    await expect(buildAdvisoryIndex({ from: [join(root, 'gone.zip')], out })).rejects.toMatchObject({
      code: 'ERR_DEP_ADVISORIES',
    });
    expect(await readFile(out)).toEqual(before);
    expect((await readdir(root)).sort()).toEqual(['all.ndjson', 'out.index']);
  });

  it('does not follow links out of a folder of records', async () => {
    const root = await writeProject({ 'secret/a.json': RECORDS[0]!, 'db/b.json': RECORDS[1]! });
    await symlink('../secret', join(root, 'db/link'));
    const { header } = await buildAdvisoryIndex({ from: [join(root, 'db')], out: join(root, 'out.index') });
    expect(header.counts.records).toBe(1);
  });
});

describe('a damaged index', () => {
  it('is noticed wherever a byte is changed', async () => {
    const { root, out } = await build({ 'all.ndjson': lines(RECORDS) });
    const bytes = await readFile(out);
    const damaged = join(root, 'damaged.index');
    const expected = await (
      await openBuilt({ 'all.ndjson': lines(RECORDS) })
    ).index.advisoriesFor([named('npm', 'left')]);
    for (let at = 0; at < bytes.byteLength; at += 7) {
      const copy = Buffer.from(bytes);
      copy[at]! ^= 0x20;
      await writeFile(damaged, copy);
      // Either it is refused, or what was changed is not what was asked for. The header is what the digest is of.
      const answer = await openAdvisoryIndex(damaged).then(
        async (index) => {
          const isWhole = await index.verify().then(
            () => true,
            () => false,
          );
          const found = await index.advisoriesFor([named('npm', 'left')]).catch((error: unknown) => error);
          await index.close();
          return { isWhole, found, digest: index.digest };
        },
        (error: unknown) => error,
      );
      if (answer instanceof Error) expect(answer).toMatchObject({ code: 'ERR_DEP_ADVISORIES' });
      else if (answer !== null && typeof answer === 'object' && 'found' in answer) {
        const { found, isWhole, digest } = answer as { found: unknown; isWhole: boolean; digest: string };
        if (found instanceof Error) expect(found).toMatchObject({ code: 'ERR_DEP_ADVISORIES' });
        else expect(found).toEqual(expected);
        const original = await openAdvisoryIndex(out);
        if (isWhole) expect(digest).not.toBe(original.digest);
        await original.close();
      }
    }
  });

  it.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, -20)],
    ['only the magic', (bytes: Buffer) => bytes.subarray(0, 8)],
    ['empty', () => Buffer.alloc(0)],
  ])('is refused when it is %s', async (_, cut) => {
    const { root, out } = await build({ 'all.ndjson': lines(RECORDS) });
    const path = join(root, 'cut.index');
    await writeFile(path, cut(await readFile(out)));
    await expect(openAdvisoryIndex(path)).rejects.toMatchObject({ code: 'ERR_DEP_ADVISORIES' });
  });
});

describe('advisories on disk', () => {
  it('may be records, from which an index is built and removed', async () => {
    const root = await writeProject({ 'db/a.json': RECORDS[0]! });
    const source = await openAdvisories(join(root, 'db'));
    expect(ids(await source.advisoriesFor([named('npm', 'left')]))).toEqual(['GHSA-1']);
    expect(source.description).toMatchObject({ kind: 'records', records: 1 });
    await source.close();
  });

  it.each([
    ['missing', 'gone'],
    ['a folder without records', 'empty'],
    ['a file of another kind', 'empty/note.txt'],
  ])('are refused when they are %s', async (_, name) => {
    const root = await writeProject({ 'empty/note.txt': 'x' });
    await expect(openAdvisories(join(root, name))).rejects.toMatchObject({ code: 'ERR_DEP_ADVISORIES' });
  });

  it('in a zip whose entry is damaged are counted as rejected', async () => {
    const zip = zipOf({ 'a.json': JSON.stringify(RECORDS[0]), 'b.json': JSON.stringify(RECORDS[1]) });
    const at = zip.indexOf('PYSEC');
    zip[at] = 0x51;
    const root = await writeProject({});
    await writeFile(join(root, 'all.zip'), zip);
    const { header } = await buildAdvisoryIndex({
      from: [join(root, 'all.zip')],
      out: join(root, 'out.index'),
    });
    expect(header.counts).toMatchObject({ records: 1, rejected: 1 });
  });
});

it('decodes no text but its own', () => {
  const advisory = parseOsvRecord(RECORDS[3])!;
  expect(decodeSlim(encodeSlim(advisory))).toEqual(advisory);
  for (const summary of ['', 'Malicious code in evil (npm)', 'Another']) {
    const malware = parseOsvRecord({ ...RECORDS[2], summary })!;
    expect(decodeSlim(encodeSlim(malware))).toEqual(malware);
  }
  for (const text of [
    '',
    '[]',
    '{}',
    '{"i":"X","m":"","e":[{}]}',
    '{"i":"X","m":"","e":[{"n":"a","r":[[0,0,0,9,"1"]]}]}',
  ]) {
    expect(decodeSlim(text)).toBeUndefined();
  }
});
