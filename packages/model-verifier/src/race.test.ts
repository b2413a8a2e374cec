// Attacks by another process that really races: whatever it does, right bytes or a refusal come out, never wrong bytes.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { ModelError } from './errors.ts';
import { openModelLock } from './lock/lock.ts';
import { lockedFile, lockedModel, lockOf, makeFolder } from './sample-model.fixture.ts';
import { openVerifiedModel } from './verified-model.ts';
import { openVerifiedPaths } from './verified-paths.ts';

const ROUNDS = 150;
const right = Buffer.alloc(3_000_000, 'right ');
const wrong = Buffer.alloc(3_000_000, 'wrong ');
const swapper = fileURLToPath(new URL('./__fixtures__/file-swapper.ts', import.meta.url));

it.each([
  ['swap the file', 'faces/onnx/model.onnx', 'wrong.onnx'],
  ['swap the file for a link', 'faces/onnx/model.onnx', 'wrong.onnx'],
  ['swap the folder for a link', 'faces/onnx', 'wrong'],
  ['link the file twice', 'faces/onnx/model.onnx', ''],
  ['write into the file', 'faces/onnx/model.onnx', 'wrong.onnx'],
])(
  'another process that keeps trying to %s gets no wrong byte in',
  async (action, path, other) => {
    const root = await makeFolder();
    const at = (name: string): string => join(root, name);
    await mkdir(at('faces/onnx'), { recursive: true });
    await writeFile(at('faces/onnx/model.onnx'), right);
    await writeFile(at('wrong.onnx'), wrong);
    await writeFile(at('wrong.onnx.right'), right);
    await cp(at('faces/onnx'), at('wrong'), { recursive: true });
    await writeFile(at('wrong/model.onnx'), wrong);
    const document = lockOf({ faces: lockedModel([lockedFile('faces/onnx/model.onnx', 'model', right)]) });
    await writeFile(at('models.lock'), JSON.stringify(document));
    const lock = await openModelLock(at('models.lock'));

    const child = fork(swapper, [action, at(path), at(other)], { execArgv: [], silent: true });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout!, 'data');
    const seen = new Map<string, number>();
    const count = (word: string): unknown => seen.set(word, (seen.get(word) ?? 0) + 1);
    for (let round = 0; round < ROUNDS; round++) {
      try {
        if (round % 2 === 0) {
          const { bytes } = await openVerifiedModel(lock, 'faces');
          expect(Buffer.compare(bytes, right)).toBe(0);
        } else await openVerifiedPaths(lock, 'faces');
        count('right');
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
        count(error.code);
      }
    }
    // The attack was there: some rounds ran into it.
    const refused = ROUNDS - (seen.get('right') ?? 0);
    expect(refused).toBeGreaterThan(0);
    expect([...seen.keys()].sort()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^ERR_MODEL_(?:CHANGED|LINK|MISSING|UNLISTED|DIGEST|SIZE)$/),
      ]),
    );
  },
  60_000,
);
