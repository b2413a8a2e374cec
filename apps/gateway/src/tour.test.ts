import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findLeaks } from './__fixtures__/leaks.ts';
import { repository, sallyport, sallyportWith } from './__fixtures__/sallyport.ts';

const good = join(repository, 'samples/astronaut.png');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-tour-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('a tour', { timeout: 60_000 }, () => {
  it('goes on when a picture cannot be annotated, says so, and ends with exit status 70', async () => {
    for (const name of ['a.png', 'b.png']) await cp(good, join(folder, name));
    // This worker has no task that annotates.
    const worker = new URL('./__fixtures__/hostile-worker.ts', import.meta.url).href;
    const run = await sallyportWith({ worker }, [
      'tour',
      folder,
      '--out',
      join(folder, 'out'),
      '--workers',
      '1',
    ]);
    expect(run.status).toBe(70);
    expect(run.stdout).toMatch(/^a\.png .*^b\.png .*^0 annotated pictures/ms);
    expect(run.stderr.match(/^no result of [ab]\.png: ERR_RESOURCE_TASK_UNKNOWN: /gm)).toHaveLength(2);
    expect(await readdir(join(folder, 'out'))).toEqual(['a.json', 'b.json']);
    expect(findLeaks(run)).toEqual([]);
  });

  it('says once why a picture was refused by all, and leaves a receipt of it', async () => {
    await writeFile(join(folder, 'broken.png'), 'no picture');
    await symlink(good, join(folder, 'link.png'));
    await mkdir(join(folder, 'folder.png'));
    const run = await sallyport(['tour', '.', '--workers', '1'], { cwd: folder });
    expect(run.status).toBe(2);
    expect(run.stdout).toMatch(/^broken\.png +refused: ERR_INPUT_[A-Z_]+$/m);
    expect(run.stdout).toMatch(/^folder\.png +refused: ERR_INPUT_PATH$/m);
    const receipt: unknown = JSON.parse(await readFile(join(folder, 'out/folder.json'), 'utf8'));
    expect(receipt).toMatchObject({ analyses: [{ error: { code: 'ERR_INPUT_PATH' } }, {}, {}] });
  });

  it('into the folder of the pictures writes over none of them', async () => {
    await cp(good, join(folder, 'a.png'));
    expect((await sallyport(['tour', '.', '--out', '.', '--workers', '1'], { cwd: folder })).status).toBe(0);
    expect(await readFile(join(folder, 'a.png'))).toEqual(await readFile(good));
    expect((await readdir(folder)).sort()).toEqual(['a-2.json', 'a-2.png', 'a.png']);
  });

  it('shows no control character of a name, and writes none', async () => {
    await cp(good, join(folder, 'a\u001b[31m\u009b\u202e.png'));
    const run = await sallyport(['tour', '.', '--workers', '1'], { cwd: folder });
    const [written] = (await readdir(join(folder, 'out'))).filter((name) => name.endsWith('.json'));
    const receipt = await readFile(join(folder, 'out', written!), 'utf8');
    for (const text of [run.stdout, receipt]) {
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });
});
