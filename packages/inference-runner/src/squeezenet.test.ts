import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readPicture } from './__fixtures__/pictures.ts';
import { topK } from './scores.ts';
import { createSession } from './session.ts';

const SHARED = process.env['SALLYPORT_SHARED'] ?? join(import.meta.dirname, '../../../../shared');
const MODEL = join(SHARED, 'data/models/squeezenet1.1-f32.onnx');

interface Expected {
  readonly images: readonly {
    readonly image: string;
    readonly input: { readonly file: string };
    readonly top5: readonly { readonly label: string; readonly probability: number }[];
  }[];
}

it.skipIf(!existsSync(MODEL))(
  'classifies eight pictures as an independent pipeline does (skipped without the shared vectors beside the checkout)',
  async () => {
    const expected = JSON.parse(
      readFileSync(join(SHARED, 'vectors/models/squeezenet-expected.json'), 'utf8'),
    ) as Expected;
    const labels = readFileSync(join(SHARED, 'data/labels/imagenet-synset.txt'), 'utf8')
      .trimEnd()
      .split('\n');
    await using session = await createSession({ bytes: readFileSync(MODEL) });
    expect(expected.images).toHaveLength(8);
    for (const { image, input, top5 } of expected.images) {
      const picture = await readPicture(readFileSync(join(SHARED, 'vectors', input.file)));
      const plane = picture.width * picture.height;
      // Planes blue, green, red, less the mean of each.
      const data = Float32Array.from({ length: 3 * plane }, (_, index) => {
        const channel = 2 - Math.floor(index / plane);
        return picture.data[(index % plane) * 3 + channel]! - [123, 117, 104][channel]!;
      });
      const { softmaxout_1: scores } = await session.run({
        data_0: { type: 'float32', dims: [1, 3, 224, 224], data },
      });
      const best = topK(scores!.data as Float32Array, labels, 5);
      expect(best[0]!.label, image).toBe(top5[0]!.label);
      best.forEach(({ score }, index) => {
        expect(Math.abs(score - top5[index]!.probability), image).toBeLessThan(0.001);
      });
    }
  },
);
