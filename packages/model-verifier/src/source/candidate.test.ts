import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openModelLock } from '../lock/lock.ts';
import { CONTENT, hash, honest, PATH, scene } from './fetch.fixture.ts';
import { hasOpenssl } from './server.fixture.ts';

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
