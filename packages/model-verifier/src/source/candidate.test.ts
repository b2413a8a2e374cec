import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openModelLock } from '../lock/lock.ts';
import { makeFolder } from '../sample-model.fixture.ts';
import { CONTENT, hash, honest, PATH, scene, send } from './fetch.fixture.ts';
import { hasOpenssl } from './server.fixture.ts';

const hasZip = ((): boolean => {
  try {
    execFileSync('python3', ['-c', 'import zipfile'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** An archive of a program that is not ours. */
async function zipOf(files: Readonly<Record<string, Uint8Array>>): Promise<Buffer> {
  const folder = await makeFolder();
  const names = Object.keys(files);
  await Promise.all(names.map((name, index) => writeFile(join(folder, String(index)), files[name]!)));
  const program =
    'import sys, zipfile\nwith zipfile.ZipFile("a.zip", "w", zipfile.ZIP_DEFLATED) as z:\n' +
    ' for i, n in enumerate(sys.argv[1:]): z.write(str(i), n)';
  execFileSync('python3', ['-c', program, ...names], { cwd: folder });
  return readFile(join(folder, 'a.zip'));
}

describe.skipIf(!hasOpenssl)('a candidate (skipped without openssl)', () => {
  const sha1 = { algorithm: 'sha1', digest: hash(CONTENT, 'sha1') } as const;
  const blob = Buffer.concat([Buffer.from(`blob ${CONTENT.length}\0`), CONTENT]);
  const gitSha1 = { algorithm: 'git-sha1', digest: hash(blob, 'sha1') } as const;

  it.each([
    ['sha1', sha1],
    ['git-sha1', gitSha1],
  ] as const)('known by its %s is pinned by SHA-256, and marked as weak', async (_, hint) => {
    const { lockPath, fetch } = await scene(honest, {}, { hint });
    await expect(fetch({ addedBy: 'Ada' })).resolves.toMatchObject({ pinned: true });
    const { document } = await openModelLock(lockPath);
    expect(document.candidates).toBeUndefined();
    expect(document.models['faces']).toMatchObject({
      files: [{ path: PATH, bytes: CONTENT.length, sha256: hash(CONTENT) }],
      provenance: { addedBy: 'Ada', verifiedBy: 'weak-hint' },
    });
  });

  it('whose weak digest differs is locked away and stays a candidate', async () => {
    const hint = { ...sha1, digest: `${sha1.digest.slice(0, 39)}${sha1.digest.endsWith('0') ? '1' : '0'}` };
    const { lockPath, fetch, quarantined } = await scene(honest, {}, { hint });
    await expect(fetch()).rejects.toMatchObject({
      code: 'ERR_MODEL_DIGEST',
      expected: `sha1:${hint.digest}`,
    });
    expect(await quarantined()).toEqual([expect.stringMatching(/\.refused$/)]);
    expect((await openModelLock(lockPath)).document.candidates).toHaveProperty('faces');
  });

  it('is not pinned when frozen, nor believed to be a file that is there already', async () => {
    const { root, server, fetch } = await scene(honest, {}, { hint: sha1 });
    await expect(fetch({ frozen: true })).rejects.toMatchObject({ code: 'ERR_MODEL_FROZEN' });
    await mkdir(join(root, 'faces/onnx'), { recursive: true });
    await writeFile(join(root, PATH), CONTENT);
    await expect(fetch()).rejects.toMatchObject({ code: 'ERR_MODEL_WEAK' });
    expect(server.requests).toEqual([]);
  });

  it('of unknown size is bounded, and must be announced', async () => {
    const large = await scene(honest, {}, { hint: sha1 });
    await expect(large.fetch({ maxBytes: CONTENT.length - 1 })).rejects.toMatchObject({
      code: 'ERR_MODEL_SIZE',
    });
    await expect(large.fetch({ maxBytes: CONTENT.length })).resolves.toMatchObject({ pinned: true });
    const chunked = await scene(
      (_, response) => {
        response.write(CONTENT.subarray(0, 10));
        response.end();
      },
      {},
      { hint: sha1 },
    );
    await expect(chunked.fetch()).rejects.toMatchObject({ code: 'ERR_MODEL_DOWNLOAD', found: 'no length' });
  });
});

describe.skipIf(!hasOpenssl || !hasZip)(
  'a candidate in an archive (skipped without openssl or python3)',
  () => {
    const entry = 'model-12345678.params';
    const sha1 = { algorithm: 'sha1', digest: hash(CONTENT, 'sha1') } as const;

    it('is unpacked in quarantine, held against its weak digest, and pinned', async () => {
      const archive = await zipOf({ [entry]: CONTENT, 'readme.txt': Buffer.from('x') });
      const { root, lockPath, fetch, quarantined } = await scene(
        (_, response) => {
          send(response, archive);
        },
        {},
        { hint: sha1, entry },
      );
      await expect(fetch()).resolves.toMatchObject({ pinned: true });
      expect(Buffer.compare(await readFile(join(root, PATH)), CONTENT)).toBe(0);
      expect(await quarantined()).toEqual([]);
      const { models } = (await openModelLock(lockPath)).document;
      expect(models['faces']?.files).toMatchObject([{ entry, bytes: CONTENT.length, sha256: hash(CONTENT) }]);
      await rm(join(root, PATH));
      await expect(fetch()).resolves.toMatchObject({ pinned: false, files: [{ downloaded: true }] });
    });

    it('is refused when the entry has other bytes, is missing, or climbs out', async () => {
      for (const [files, code] of [
        [{ [entry]: Buffer.from('other') }, 'ERR_MODEL_DIGEST'],
        [{ other: CONTENT }, 'ERR_MODEL_MISSING'],
        [
          { [entry]: CONTENT, '../escape': CONTENT },
          expect.stringMatching(/^ERR_MODEL_(?:PATH|FORMAT)$/) as unknown,
        ],
      ] as const) {
        const archive = await zipOf(files);
        const { root, fetch } = await scene(
          (_, response) => {
            send(response, archive);
          },
          {},
          { hint: sha1, entry },
        );
        await expect(fetch()).rejects.toMatchObject({ code, path: PATH });
        expect((await readdir(root)).sort()).toEqual(['.quarantine', 'models.lock']);
        expect((await readdir(join(root, '.quarantine'))).filter((name) => name.endsWith('.d'))).toEqual([]);
      }
    });
  },
);
