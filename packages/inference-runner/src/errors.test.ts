import { expect, it } from 'vitest';
import { INFERENCE_ERROR_CODES, InferenceError } from './errors.ts';

it('keeps its code, its name and its cause', () => {
  const cause = new Error('native');
  const error = new InferenceError('ERR_INFERENCE_RUN', 'the model failed while it ran', { cause });
  expect(error).toMatchObject({ name: 'InferenceError', code: 'ERR_INFERENCE_RUN', cause });
});

it('names every code once', () => {
  expect(new Set(INFERENCE_ERROR_CODES).size).toBe(INFERENCE_ERROR_CODES.length);
});
