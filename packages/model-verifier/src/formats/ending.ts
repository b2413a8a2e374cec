import { extname } from 'node:path';
import type { ModelFormat } from './sniff.ts';

const FORMATS: ReadonlyMap<string, ModelFormat> = new Map<string, ModelFormat>([
  ['.onnx', 'onnx'],
  ['.safetensors', 'safetensors'],
  ['.params', 'mxnet-params'],
  ['.gguf', 'gguf'],
  ['.tflite', 'tflite'],
  ['.h5', 'hdf5'],
  ['.hdf5', 'hdf5'],
  ...['.pkl', '.pickle', '.pt', '.pth', '.bin', '.mar', '.ckpt', '.joblib', '.dill'].map(
    (ending) => [ending, 'pickle'] as const,
  ),
]);

/** What a file's name promises, by its ending; `undefined` if that says nothing. */
export function promisedFormat(name: string): ModelFormat | undefined {
  return FORMATS.get(extname(`_${name}`).toLowerCase());
}
