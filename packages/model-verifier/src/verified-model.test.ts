import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFile,
  cp,
  link,
  mkdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openModelLock } from './lock/lock.ts';
import {
  lockedFile,
  lockedModel,
  lockOf,
  makeFolder,
  makeModel,
  source,
  WEIGHTS,
} from './sample-model.fixture.ts';
import { openVerifiedModel, type VerifiedModel } from './verified-model.ts';

async function openFaces(lockPath: string): Promise<VerifiedModel> {
  return openVerifiedModel(await openModelLock(lockPath), 'faces');
}

/** A word instead of the model: a failing test would print every byte otherwise. */
async function verdict(lockPath: string): Promise<string> {
  await openFaces(lockPath);
  return 'verified';
}

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

describe('openVerifiedModel', () => {
  it('answers with the bytes of every file', async () => {
    const { at, lockPath } = await makeModel();
    const model = await openFaces(lockPath);
    expect(model.files.map(({ path, role }) => [path, role])).toEqual([
      ['faces/onnx/model.onnx', 'model'],
      ['faces/onnx/data/weights.bin', 'external-data'],
      ['faces/labels.txt', 'labels'],
    ]);
    for (const { path, data } of model.files) expect(Buffer.compare(data, await readFile(at(path)))).toBe(0);
  });

  it('answers with the model file and its digest', async () => {
    const { lockPath } = await makeModel();
    const model = await openFaces(lockPath);
    expect(model.bytes).toBe(model.files[0]?.data);
    expect(model.digest).toBe(`sha256:${sha256('a graph of fifteen')}`);
  });

  it('names external data as the model does: relative to the model file', async () => {
    const { lockPath } = await makeModel();
    const model = await openFaces(lockPath);
    expect(model.externalData?.map(({ path }) => path)).toEqual(['data/weights.bin']);
    expect(model.externalData?.[0]?.data).toBe(model.files[1]?.data);
  });

  it('has no externalData for a model that keeps all in one file', async () => {
    const root = await makeFolder();
    await mkdir(join(root, 'a'));
    await writeFile(join(root, 'a/m.onnx'), 'm');
    const document = lockOf({ a: lockedModel([lockedFile('a/m.onnx', 'model', Buffer.from('m'))]) });
    await writeFile(join(root, 'models.lock'), JSON.stringify(document));
    const model = await openVerifiedModel(await openModelLock(join(root, 'models.lock')), 'a');
    expect(model).not.toHaveProperty('externalData');
  });

  it('gives evidence that is plain JSON', async () => {
    const { lockPath } = await makeModel();
    const before = Date.now();
    const { evidence } = await openFaces(lockPath);
    const digests = [sha256('a graph of fifteen'), sha256(WEIGHTS), sha256('face\n')] as const;
    expect(JSON.parse(JSON.stringify(evidence))).toEqual({
      name: 'faces',
      digest: `sha256:${digests[0]}`,
      rootDigest: `sha256:${sha256(Buffer.from(digests.join(''), 'hex'))}`,
      files: [
        { path: 'faces/onnx/model.onnx', bytes: 18, sha256: digests[0] },
        { path: 'faces/onnx/data/weights.bin', bytes: WEIGHTS.length, sha256: digests[1] },
        { path: 'faces/labels.txt', bytes: 5, sha256: digests[2] },
      ],
      source,
      licence: 'Apache-2.0',
      lockDigest: `sha256:${sha256(await readFile(lockPath))}`,
      verifiedAt: evidence.verifiedAt,
    });
    expect(Date.parse(evidence.verifiedAt)).toBeGreaterThanOrEqual(before);
    expect(evidence.verifiedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('keeps its bytes when the file is rewritten afterwards', async () => {
    const { at, lockPath } = await makeModel();
    const model = await openFaces(lockPath);
    await writeFile(at('faces/onnx/model.onnx'), 'b graph of fifteen');
    expect(Buffer.from(model.bytes).toString()).toBe('a graph of fifteen');
  });

  it('opens below a root that is itself reached through a link', async () => {
    const { root } = await makeModel();
    const alias = join(await makeFolder(), 'alias');
    await symlink(root, alias);
    await expect(verdict(join(alias, 'models.lock'))).resolves.toBe('verified');
  });

  it.each(['other', '', 'constructor', '__proto__', 'toString', '../faces'])(
    'refuses the name %j',
    async (name) => {
      const { lockPath } = await makeModel();
      const lock = await openModelLock(lockPath);
      await expect(openVerifiedModel(lock, name)).rejects.toMatchObject({ code: 'ERR_MODEL_UNLISTED' });
    },
  );
});

describe('a changed file', () => {
  it.each([
    ['the model', 'faces/onnx/model.onnx', 0],
    ['the external data, first byte', 'faces/onnx/data/weights.bin', 0],
    ['the external data, last byte', 'faces/onnx/data/weights.bin', WEIGHTS.length - 1],
    ['the labels', 'faces/labels.txt', 4],
  ])('is refused for one flipped bit in %s', async (_, path, index) => {
    const { at, lockPath } = await makeModel();
    const bytes = await readFile(at(path));
    bytes[index]! ^= 1;
    await writeFile(at(path), bytes);
    await expect(verdict(lockPath)).rejects.toMatchObject({ code: 'ERR_MODEL_DIGEST' });
  });

  it('is refused when one byte shorter', async () => {
    const { at, lockPath } = await makeModel();
    await truncate(at('faces/onnx/data/weights.bin'), WEIGHTS.length - 1);
    await expect(verdict(lockPath)).rejects.toMatchObject({ code: 'ERR_MODEL_SIZE' });
  });

  it('is refused when one byte longer', async () => {
    const { at, lockPath } = await makeModel();
    await appendFile(at('faces/onnx/model.onnx'), '\0');
    await expect(verdict(lockPath)).rejects.toMatchObject({ code: 'ERR_MODEL_SIZE' });
  });

  it('is refused by its size, before memory is taken for it', async () => {
    const { at, lockPath } = await makeModel();
    // Sparse: takes no room on the disk.
    await truncate(at('faces/onnx/model.onnx'), 64 * 1024 ** 3);
    await expect(verdict(lockPath)).rejects.toMatchObject({ code: 'ERR_MODEL_SIZE' });
  });

  it('is refused when empty', async () => {
    const { at, lockPath } = await makeModel();
    await writeFile(at('faces/onnx/model.onnx'), '');
    await expect(verdict(lockPath)).rejects.toMatchObject({ code: 'ERR_MODEL_SIZE' });
  });
});

describe('a missing file', () => {
  it.each(['faces/onnx/model.onnx', 'faces/labels.txt', 'faces/onnx/data', 'faces'])(
    'is refused: %s',
    async (path) => {
      const { at, lockPath } = await makeModel();
      await rm(at(path), { recursive: true });
      await expect(verdict(lockPath)).rejects.toMatchObject({
        code: 'ERR_MODEL_MISSING',
        cause: { code: 'ENOENT' },
      });
    },
  );
});

describe('a link', () => {
  it('is refused in place of a file, even to the same bytes', async () => {
    const { root, at, lockPath } = await makeModel();
    await rename(at('faces/onnx/model.onnx'), join(root, 'moved.onnx'));
    await symlink(join(root, 'moved.onnx'), at('faces/onnx/model.onnx'));
    await expect(verdict(lockPath)).rejects.toMatchObject({ code: 'ERR_MODEL_LINK' });
  });

  it('is refused in place of a file when it leads nowhere', async () => {
    const { at, lockPath } = await makeModel();
    await rm(at('faces/labels.txt'));
    await symlink('nowhere', at('faces/labels.txt'));
    await expect(verdict(lockPath)).rejects.toMatchObject({ code: 'ERR_MODEL_LINK' });
  });

  it.each(['faces', 'faces/onnx', 'faces/onnx/data'])(
    'is refused in place of the folder %s',
    async (path) => {
      const { root, at, lockPath } = await makeModel();
      await cp(at(path), join(root, 'copy'), { recursive: true });
      await rm(at(path), { recursive: true });
      await symlink(join(root, 'copy'), at(path));
      await expect(verdict(lockPath)).rejects.toMatchObject({ code: 'ERR_MODEL_LINK' });
    },
  );

  it('is refused as a second hard link, wherever it is', async () => {
    const { root, at, lockPath } = await makeModel();
    await link(at('faces/onnx/data/weights.bin'), join(root, 'twin.bin'));
    await expect(verdict(lockPath)).rejects.toMatchObject({ code: 'ERR_MODEL_LINK' });
    await rm(join(root, 'twin.bin'));
    await expect(verdict(lockPath)).resolves.toBe('verified');
  });
});

describe('in place of what the lock lists', () => {
  it.skipIf(process.platform === 'win32')('a pipe is refused and does not hang', async () => {
    const { at, lockPath } = await makeModel();
    await rm(at('faces/onnx/model.onnx'));
    execFileSync('mkfifo', [at('faces/onnx/model.onnx')]);
    await expect(verdict(lockPath)).rejects.toMatchObject({ code: 'ERR_MODEL_LINK' });
  });

  it('a folder for a file is refused', async () => {
    const { at, lockPath } = await makeModel();
    await rm(at('faces/onnx/model.onnx'));
    await mkdir(at('faces/onnx/model.onnx'));
    await expect(verdict(lockPath)).rejects.toMatchObject({ code: 'ERR_MODEL_LINK' });
  });

  it('a file for the model folder is refused', async () => {
    const { at, lockPath } = await makeModel();
    await rm(at('faces'), { recursive: true });
    await writeFile(at('faces'), '');
    await expect(verdict(lockPath)).rejects.toMatchObject({ code: 'ERR_MODEL_LINK' });
  });
});

describe('an unlisted entry', () => {
  it.each(['faces/extra.bin', 'faces/onnx/.hidden', 'faces/onnx/data/weights.bin.bak', 'faces/MODEL.onnx'])(
    'is refused: the file %s',
    async (path) => {
      const { at, lockPath } = await makeModel();
      await writeFile(at(path), 'x');
      await expect(verdict(lockPath)).rejects.toMatchObject({ code: 'ERR_MODEL_UNLISTED' });
    },
  );

  it('is refused: an empty folder', async () => {
    const { at, lockPath } = await makeModel();
    await mkdir(at('faces/cache'));
    await expect(verdict(lockPath)).rejects.toMatchObject({ code: 'ERR_MODEL_UNLISTED' });
  });

  it('is refused: a link', async () => {
    const { at, lockPath } = await makeModel();
    await symlink('labels.txt', at('faces/latest.txt'));
    await expect(verdict(lockPath)).rejects.toMatchObject({ code: 'ERR_MODEL_UNLISTED' });
  });

  it('is refused: a name that is not UTF-8', async ({ skip }) => {
    const { at, lockPath } = await makeModel();
    const name = Buffer.concat([
      Buffer.from(`${at('faces')}/labels`),
      Buffer.from([0xff]),
      Buffer.from('.txt'),
    ]);
    await writeFile(name, 'x').catch(() => {
      skip('this file system takes UTF-8 names only');
    });
    await expect(verdict(lockPath)).rejects.toMatchObject({ code: 'ERR_MODEL_UNLISTED' });
  });

  it('cannot forge a line of a log through its name', async () => {
    const { at, lockPath } = await makeModel();
    await writeFile(at('faces/a\nverified: all'), 'x');
    const error: unknown = await openFaces(lockPath).catch((error: unknown) => error);
    expect((error as Error).message).not.toContain('\n');
  });

  it('cannot write to a terminal through its name: no control, separator or direction character is left', async () => {
    const { at, lockPath } = await makeModel();
    await writeFile(at('faces/x\u009b31m\u0085y\u2028\u202ez'), 'x');
    await expect(verdict(lockPath)).rejects.toThrow(/"x\uFFFD31m\uFFFDy\uFFFD\uFFFDz"/);
  });

  it('is of no concern beside the model folder', async () => {
    const { at, lockPath } = await makeModel();
    await writeFile(at('README.md'), 'x');
    await mkdir(at('other'));
    await expect(verdict(lockPath)).resolves.toBe('verified');
  });

  it('is of no concern when another model of the lock lists it', async () => {
    const root = await makeFolder();
    await mkdir(join(root, 'text'));
    await writeFile(join(root, 'text/det.onnx'), 'd');
    await writeFile(join(root, 'text/rec.onnx'), 'r');
    const document = lockOf({
      det: lockedModel([lockedFile('text/det.onnx', 'model', Buffer.from('d'))]),
      rec: lockedModel([lockedFile('text/rec.onnx', 'model', Buffer.from('r'))]),
    });
    await writeFile(join(root, 'models.lock'), JSON.stringify(document));
    const model = await openVerifiedModel(await openModelLock(join(root, 'models.lock')), 'det');
    expect(model.files).toHaveLength(1);
  });
});

describe('a changed lock', () => {
  it('is refused by the files when one of its digests was changed', async () => {
    const { lockPath } = await makeModel();
    const text = await readFile(lockPath, 'utf8');
    await writeFile(lockPath, text.replace(sha256('face\n'), sha256('fake\n')));
    await expect(verdict(lockPath)).rejects.toMatchObject({ code: 'ERR_MODEL_DIGEST' });
  });

  it('shows in the evidence when the files still match', async () => {
    const { lockPath } = await makeModel();
    const before = (await openFaces(lockPath)).evidence;
    await writeFile(lockPath, (await readFile(lockPath, 'utf8')).replace('Apache-2.0', 'MIT'));
    const after = (await openFaces(lockPath)).evidence;
    expect(after.rootDigest).toBe(before.rootDigest);
    expect(after.lockDigest).not.toBe(before.lockDigest);
  });
});

it('keeps absolute paths out of messages', async () => {
  const { root, at, lockPath } = await makeModel();
  await rm(at('faces/labels.txt'));
  const error: unknown = await openFaces(lockPath).catch((error: unknown) => error);
  expect((error as Error).message).toBe('faces/labels.txt: not found');
  expect((error as Error).message).not.toContain(root);
});
