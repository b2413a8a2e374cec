import { expect, it } from 'vitest';
import { INPUT_ERROR_CODES, SanitizeError } from './errors.ts';

it.each(INPUT_ERROR_CODES)('%s answers with an HTTP error status', (code) => {
  const error = new SanitizeError(code, 'expected a, found b');
  expect(error.httpStatus).toBeGreaterThanOrEqual(400);
  expect(error.httpStatus).toBeLessThan(600);
});

it('says that trying again helps only where it can', () => {
  const retryable = INPUT_ERROR_CODES.filter((code) => new SanitizeError(code, '').retryable);
  expect(retryable).toEqual([
    'ERR_INPUT_FETCH',
    'ERR_INPUT_UNREADABLE',
    'ERR_INPUT_DEADLINE',
    'ERR_INPUT_ABORTED',
  ]);
});

it('keeps its cause', () => {
  const cause = new Error('inside');
  expect(new SanitizeError('ERR_INPUT_CORRUPT', 'outside', { cause }).cause).toBe(cause);
});
