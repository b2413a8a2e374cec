import { InferenceError } from '../errors.ts';

/**
 * Reads the characters of a recognition model: UTF-8, one entry a line, in the order of the model's classes.
 *
 * @throws {InferenceError} `ERR_INFERENCE_MODEL` when the bytes are no UTF-8, hold no entry, or hold an empty line.
 */
export function parseDictionary(bytes: Uint8Array): string[] {
  const lines = decode(bytes)
    .replace(/\r?\n$/, '')
    .split(/\r?\n/);
  const empty = lines.indexOf('');
  if (empty !== -1) {
    // Skipping it would shift every later character by one class.
    throw new InferenceError(
      'ERR_INFERENCE_MODEL',
      `expected a character on line ${empty + 1} of the dictionary, found none`,
    );
  }
  return lines;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InferenceError('ERR_INFERENCE_MODEL', 'expected a dictionary in UTF-8, found other bytes', {
      cause,
    });
  }
}
