import { expect, it } from 'vitest';
import { describeFailure, MAX_FAILURE_MESSAGE, rebuildFailure } from './failure.ts';

it('carries name, message and the fields that callers branch on', () => {
  const thrown = Object.assign(new RangeError('no'), { code: 'ERR_X', httpStatus: 415, retryable: true });
  const rebuilt = rebuildFailure(describeFailure(thrown));
  expect(rebuilt).toBeInstanceOf(Error);
  expect(rebuilt).toMatchObject({
    name: 'RangeError',
    message: 'no',
    code: 'ERR_X',
    httpStatus: 415,
    retryable: true,
  });
});

it('leaves the stack of the child behind', () => {
  expect(rebuildFailure(describeFailure(new Error('no'))).stack).toBe('Error: no');
});

it('drops fields of the wrong type', () => {
  const thrown = { name: 7, message: {}, code: 13, httpStatus: NaN, retryable: 'yes' };
  expect(describeFailure(thrown)).toEqual({ name: 'Error', message: '' });
});

it('keeps a message of the largest size and cuts a longer one', () => {
  expect(describeFailure('x'.repeat(MAX_FAILURE_MESSAGE)).message).toHaveLength(MAX_FAILURE_MESSAGE);
  expect(describeFailure('x'.repeat(MAX_FAILURE_MESSAGE + 1)).message).toHaveLength(MAX_FAILURE_MESSAGE);
});

it.each([undefined, null, 42, Symbol('s')])('describes %s, which is not an error', (thrown) => {
  expect(describeFailure(thrown)).toEqual({ name: 'Error', message: '' });
});
