import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ELEM, onnxModel } from '../__fixtures__/onnx.ts';
import { readPicture } from '../__fixtures__/pictures.ts';
import { createSession, type Session } from '../session.ts';
import type { Tensor } from '../tensor.ts';
import { blazeFaceAnchors, decodeBlazeFace, detectFaces, type BlazeFaceOptions } from './blazeface.ts';

/** Outputs of a model that sees nothing, for a test to write into. */
function emptyOutputs(): {
  outputs: Record<string, Tensor>;
  logits: Float32Array;
  rows: Float32Array;
  coarseLogits: Float32Array;
  coarseRows: Float32Array;
} {
  const logits = new Float32Array(512).fill(-50);
  const coarseLogits = new Float32Array(384).fill(-50);
  const rows = new Float32Array(512 * 16);
  const coarseRows = new Float32Array(384 * 16);
  const outputs: Record<string, Tensor> = {
    // The order must not matter.
    d: { type: 'float32', dims: [1, 384, 16], data: coarseRows },
    b: { type: 'float32', dims: [1, 384, 1], data: coarseLogits },
    c: { type: 'float32', dims: [1, 512, 16], data: rows },
    a: { type: 'float32', dims: [1, 512, 1], data: logits },
  };
  return { outputs, logits, rows, coarseLogits, coarseRows };
}

describe('anchors', () => {
  it('are the cell centres of both grids, cells row by row', () => {
    const anchors = blazeFaceAnchors();
    expect(anchors).toHaveLength(896);
    expect([anchors[0], anchors[1], anchors[2], anchors[32], anchors[511]]).toEqual([
      [4, 4],
      [4, 4],
      [12, 4],
      [4, 12],
      [124, 124],
    ]);
    expect([anchors[512], anchors[517], anchors[518], anchors[895]]).toEqual([
      [8, 8],
      [8, 8],
      [24, 8],
      [120, 120],
    ]);
  });
});

describe('decoding', () => {
  it('places box and key points relative to the anchor', () => {
    const { outputs, coarseLogits, coarseRows } = emptyOutputs();
    coarseLogits[6] = 2;
    coarseRows.set([1, 2, 20, 30, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14], 6 * 16);
    expect(decodeBlazeFace(outputs)).toEqual([
      {
        box: [24 + 1 - 10, 8 + 2 - 15, 20, 30],
        score: 1 / (1 + Math.exp(-2)),
        keypoints: [
          [27, 12],
          [29, 14],
          [31, 16],
          [33, 18],
          [35, 20],
          [37, 22],
        ],
      },
    ]);
  });

  it('keeps a face at exactly the lowest score and drops one just below', () => {
    const { outputs, logits, rows } = emptyOutputs();
    logits[0] = 0;
    rows.set([0, 0, 4, 4], 0);
    expect(decodeBlazeFace(outputs, { minScore: 0.5 })).toHaveLength(1);
    logits[0] = -1e-5;
    expect(decodeBlazeFace(outputs, { minScore: 0.5 })).toHaveLength(0);
  });

  it.each([
    ['a score that is NaN', NaN, [0, 0, 4, 4]],
    ['a coordinate that is NaN', 5, [NaN, 0, 4, 4]],
    ['an infinite width', 5, [0, 0, Infinity, 4]],
    ['no width', 5, [0, 0, 0, 4]],
    ['a negative height', 5, [0, 0, 4, -4]],
  ])('drops %s', (_, logit, row) => {
    const { outputs, logits, rows } = emptyOutputs();
    logits[0] = logit;
    rows.set(row, 0);
    expect(decodeBlazeFace(outputs)).toEqual([]);
  });

  it('never returns more faces than asked for, however many anchors fire', () => {
    const { outputs, logits, rows } = emptyOutputs();
    logits.fill(5);
    for (let index = 0; index < 512; index++) {
      rows.set([0, 0, 2, 2], index * 16);
    }
    expect(decodeBlazeFace(outputs)).toHaveLength(100);
    expect(decodeBlazeFace(outputs, { maxFaces: 7 })).toHaveLength(7);
  });

  it('refuses outputs of another model', () => {
    const { a, b, c } = emptyOutputs().outputs;
    expect(() => decodeBlazeFace({ a: a!, b: b!, c: c! })).toThrow(
      expect.objectContaining({ code: 'ERR_INFERENCE_MODEL' }),
    );
  });

  it.each([
    { minScore: -0.1 },
    { minScore: 1.1 },
    { maxIou: 2 },
    { maxFaces: 0 },
    { maxFaces: 897 },
    { minscore: 0.5 },
  ])('refuses the options %j', (options) => {
    expect(() => decodeBlazeFace(emptyOutputs().outputs, options as BlazeFaceOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_INFERENCE_OPTIONS' }),
    );
  });
});

const MODEL = new URL('../../../../apps/gateway/models/blazeface-front-128/model.onnx', import.meta.url);

describe.skipIf(!existsSync(MODEL))('BlazeFace front 128 (skipped without the model in apps/gateway)', () => {
  let session: Session;
  beforeAll(async () => {
    session = await createSession({ bytes: readFileSync(MODEL) });
  });
  afterAll(() => session.release());

  async function photograph(name: string): Promise<Tensor> {
    const { data } = await readPicture(new URL(`__fixtures__/${name}.png`, import.meta.url));
    return {
      type: 'float32',
      dims: [1, 128, 128, 3],
      data: Float32Array.from(data, (value) => value / 127.5 - 1),
    };
  }

  // Both faces as an independent pipeline (Python's letterbox, other decoding code) gave them, within half a pixel.
  it.each([
    {
      name: 'astronaut',
      score: 0.920908,
      box: [44.796, 20.479, 23.647, 23.647],
      keypoints: [
        203.725, 102.961, 249.125, 109.496, 223.01, 126.223, 220.461, 146.955, 177.342, 111.483, 272.774,
        124.856,
      ],
    },
    {
      name: 'camera',
      score: 0.781656,
      box: [43.518, 30.063, 23.131, 23.131],
      keypoints: [
        215.918, 152.347, 245.555, 154.121, 236.769, 172.264, 230.714, 187.087, 182.342, 151.071, 251.498,
        154.325,
      ],
    },
  ])('finds the one face of $name', async ({ name, score, box, keypoints }) => {
    const [face, ...others] = await detectFaces(session, await photograph(name));
    expect(others).toEqual([]);
    expect(Math.abs(face!.score - score)).toBeLessThan(0.002);
    box.forEach((value, index) => {
      expect(Math.abs(face!.box[index]! - value)).toBeLessThan(0.125);
    });
    // Key points are given in pixels of the 512 x 512 original, four to one.
    face!.keypoints.flat().forEach((value, index) => {
      expect(Math.abs(value * 4 - keypoints[index]!)).toBeLessThan(0.5);
    });
  });

  it('finds no face in a cup of coffee', async () => {
    expect(await detectFaces(session, await photograph('coffee'))).toEqual([]);
  });

  it('refuses an input of another size', async () => {
    const input: Tensor = { type: 'float32', dims: [1, 64, 64, 3], data: new Float32Array(64 * 64 * 3) };
    await expect(detectFaces(session, input)).rejects.toMatchObject({ code: 'ERR_INFERENCE_FEEDS' });
  });

  it('refuses bad options before it runs', async () => {
    await expect(detectFaces(session, await photograph('coffee'), { minScore: 2 })).rejects.toMatchObject({
      code: 'ERR_INFERENCE_OPTIONS',
    });
  });
});

it('refuses a model that finds no faces', async () => {
  const value = { elem: ELEM.float32, dims: [1, 128, 128, 3] };
  const bytes = onnxModel({
    inputs: [{ name: 'x', ...value }],
    outputs: [{ name: 'y', ...value }],
    nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
  });
  await using session = await createSession({ bytes });
  const input: Tensor = { type: 'float32', dims: [1, 128, 128, 3], data: new Float32Array(128 * 128 * 3) };
  await expect(detectFaces(session, input)).rejects.toMatchObject({ code: 'ERR_INFERENCE_MODEL' });
});
