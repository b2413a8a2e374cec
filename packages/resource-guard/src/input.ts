import { serialize } from 'node:v8';
import { ResourceError } from './errors.ts';
import type { Limits } from './limits.ts';

/**
 * The input as it will be sent, so that what is measured is what is meant.
 *
 * @throws {ResourceError} `ERR_RESOURCE_INPUT_TOO_LARGE`; `ERR_RESOURCE_OPTIONS` if it cannot be cloned.
 */
export function serializeInput(task: string, input: unknown, { inputBytes }: Limits): Uint8Array {
  const tooLarge = (found: number): ResourceError =>
    new ResourceError(
      'ERR_RESOURCE_INPUT_TOO_LARGE',
      `task "${task}": expected at most ${inputBytes} bytes of input, found ${found}`,
    );
  // The usual input: refused without a copy.
  if (ArrayBuffer.isView(input) && input.byteLength > inputBytes) throw tooLarge(input.byteLength);
  let body: Buffer;
  try {
    body = serialize(input);
  } catch (cause) {
    throw new ResourceError('ERR_RESOURCE_OPTIONS', `task "${task}": the input cannot be structured-cloned`, {
      cause,
    });
  }
  if (body.byteLength > inputBytes) throw tooLarge(body.byteLength);
  return body;
}
