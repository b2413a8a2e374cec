import { cp, mkdir, mkdtemp, open, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findLeaks } from './__fixtures__/leaks.ts';
import { repository, sallyport, sallyportWith } from './__fixtures__/sallyport.ts';

const picture = 'samples/astronaut.png';
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-start-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('a model that must not be loaded', { timeout: 30_000 }, () => {
  const model = (): string => join(folder, 'models/blazeface-front-128/model.onnx');

  beforeEach(async () => {
    for (const name of ['models.lock', 'blazeface-front-128']) {
      await cp(join(repository, 'apps/gateway/models', name), join(folder, 'models', name), {
        recursive: true,
      });
    }
  });

  async function analyzeWithModels(): ReturnType<typeof sallyport> {
    return await sallyport(['analyze', 'faces', picture, '--json', '--models', join(folder, 'models')]);
  }

  it('is loaded when it is as locked', async () => {
    expect((await analyzeWithModels()).status).toBe(0);
  });

  it('is refused with one bit flipped', async () => {
    const file = await open(model(), 'r+');
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 200_000);
    await file.write(Buffer.from([buffer[0]! ^ 1]), 0, 1, 200_000);
    await file.close();
    const run = await analyzeWithModels();
    expect(run.status).toBe(3);
    expect(run.stdout).toBe('');
    expect(run.stderr).toContain('ERR_MODEL_DIGEST');
    expect(findLeaks(run, [folder])).toEqual([]);
  });

  it('is refused behind a symbolic link, though its bytes are right', async () => {
    await rename(model(), join(folder, 'elsewhere.onnx'));
    await symlink(join(folder, 'elsewhere.onnx'), model());
    const run = await analyzeWithModels();
    expect(run.status).toBe(3);
    expect(run.stderr).toContain('ERR_MODEL_LINK');
    expect(findLeaks(run, [folder])).toEqual([]);
  });

  it('is refused with a file beside it that the lock does not list', async () => {
    await writeFile(join(folder, 'models/blazeface-front-128/weights.bin'), 'x');
    const run = await analyzeWithModels();
    expect(run.status).toBe(3);
    expect(run.stderr).toContain('ERR_MODEL_UNLISTED');
  });

  it('is refused without a control character of what lies beside it', async () => {
    await writeFile(join(folder, 'models/blazeface-front-128/x\u001b[31m\u009b\u0085\u202e'), 'x');
    const run = await analyzeWithModels();
    expect(run.status).toBe(3);
    expect(run.stderr).toMatch(/^[^\p{Cc}\p{Cf}]*\n$/u);
  });

  it('is refused when the lock is missing', async () => {
    await rm(join(folder, 'models/models.lock'));
    const run = await analyzeWithModels();
    expect(run.status).toBe(3);
    expect(findLeaks(run, [folder])).toEqual([]);
  });
});

describe('the dependency policy at start', { timeout: 30_000 }, () => {
  async function repositoryWith(edit: (manifest: string) => string): Promise<string> {
    const manifest = await readFile(join(repository, 'package.json'), 'utf8');
    await writeFile(join(folder, 'package.json'), edit(manifest));
    for (const name of ['pnpm-lock.yaml', 'pnpm-workspace.yaml'])
      await cp(join(repository, name), join(folder, name));
    for (const member of ['apps/gateway', 'tools/workspace', 'tools/bench', ...(await packages())]) {
      await mkdir(join(folder, member), { recursive: true });
      await cp(join(repository, member, 'package.json'), join(folder, member, 'package.json'));
    }
    return folder;
  }

  it('passes the repository as it is', async () => {
    const root = await repositoryWith((manifest) => manifest);
    expect((await sallyportWith({ root }, ['analyze', 'faces', picture])).status).toBe(0);
  });

  it('stops the start with exit status 4 when a version is a range', async () => {
    const root = await repositoryWith((manifest) => manifest.replace(/("typescript": ")/, '$1^'));
    const run = await sallyportWith({ root }, ['analyze', 'faces', picture, '--json']);
    expect(run.status).toBe(4);
    expect(run.stdout).toBe('');
    expect(run.stderr).toContain('ERR_GATEWAY_DEPENDENCIES');
    expect(run.stderr).toMatch(/exact-pin {2}package\.json/);
    expect(findLeaks(run, [folder])).toEqual([]);
  });

  it('stops the start with exit status 4 when there is no lockfile', async () => {
    const root = await repositoryWith((manifest) => manifest);
    await rm(join(root, 'pnpm-lock.yaml'));
    const run = await sallyportWith({ root }, ['analyze', 'faces', picture]);
    expect(run.status).toBe(4);
    expect(findLeaks(run, [folder])).toEqual([]);
  });
});

async function packages(): Promise<string[]> {
  const { readdir } = await import('node:fs/promises');
  return (await readdir(join(repository, 'packages'))).map((name) => `packages/${name}`);
}

describe('usage', { timeout: 30_000 }, () => {
  it.each([
    ['no command', []],
    ['an unknown command', ['destroy']],
    ['an unknown pipeline', ['analyze', 'constructor', picture]],
    ['no picture', ['analyze', 'faces']],
    ['a tour of nowhere', ['tour', 'nowhere']],
    ['an unknown option', ['analyze', 'faces', picture, '--unsafe']],
    ['--top-k 0', ['analyze', 'moderation', picture, '--top-k', '0']],
    ['--top-k 101', ['analyze', 'moderation', picture, '--top-k', '101']],
    ['--top-k 1e1', ['analyze', 'moderation', picture, '--top-k', '1e1']],
  ])('%s ends with exit status 64 and says what is expected', async (_, argv) => {
    const run = await sallyport(argv);
    expect(run.status).toBe(64);
    expect(run.stdout).toBe('');
    expect(run.stderr).not.toBe('');
    expect(findLeaks(run)).toEqual([]);
  });

  it('--help ends with exit status 0', async () => {
    const run = await sallyport(['analyze', '--help']);
    expect(run.status).toBe(0);
    expect(run.stdout).toContain('--render <folder>');
  });

  it('--version prints the version and nothing else', async () => {
    const run = await sallyport(['--version']);
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(/^\d+\.\d+\.\d+\S*\n?$/);
    expect(run.stderr).toBe('');
  });
});
