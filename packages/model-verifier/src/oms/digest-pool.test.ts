import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { makeFolder } from '../sample-model.fixture.ts';
import { sha256 } from './__fixtures__/signed-model.ts';
import { digestFiles, type SizedJob } from './digest-pool.ts';

vi.setConfig({ testTimeout: 60_000 });

const BYTES = 40 * 1024 * 1024;
const COUNT = 3;

/** Enough bytes in enough files that threads are worth their start. */
async function makeJobs(): Promise<{ root: string; jobs: SizedJob[]; digests: string[] }> {
  const root = await makeFolder();
  const contents = Array.from({ length: COUNT }, (_, index) => Buffer.alloc(BYTES, `file ${index}`));
  await Promise.all(contents.map((content, index) => writeFile(join(root, `w${index}`), content)));
  return {
    root,
    jobs: contents.map((_, index) => ({
      root,
      path: `w${index}`,
      size: BYTES,
      maxBytes: BYTES,
      specs: [{ hashType: 'sha256' as const }],
    })),
    digests: contents.map(sha256),
  };
}

describe('files on threads', () => {
  it('have the digests that they have on one', async () => {
    const { jobs, digests } = await makeJobs();
    const seen: number[] = [];
    const outcomes = await digestFiles(jobs, {
      threads: 2,
      onProgress: (read, total) => seen.push(read / total),
    });
    expect(outcomes).toEqual(digests.map((digest) => ({ bytes: BYTES, digests: [[digest]] })));
    expect(seen.at(-1)).toBe(1);
    expect(await digestFiles(jobs, { threads: 1 })).toEqual(outcomes);
  });

  it('are refused one by one', async () => {
    const { root, jobs } = await makeJobs();
    await appendFile(join(root, 'w1'), 'x');
    const outcomes = await digestFiles(
      jobs.map((job) => ({ ...job, bytes: BYTES })),
      { threads: 2 },
    );
    expect(outcomes.map((outcome) => ('code' in outcome ? outcome.code : 'fine'))).toEqual([
      'fine',
      'ERR_MODEL_SIZE',
      'fine',
    ]);
  });

  it('end when the work is aborted', async () => {
    const { jobs } = await makeJobs();
    const work = digestFiles(jobs, { threads: 2, signal: AbortSignal.timeout(20) });
    await expect(work).rejects.toMatchObject({ code: 'ERR_MODEL_ABORTED' });
  });
});
