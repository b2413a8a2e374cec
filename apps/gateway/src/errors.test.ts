import { expect, it } from 'vitest';
import { toPublicError } from './errors.ts';

const coded = (code: string, message: string, cause?: unknown): Error =>
  Object.assign(new Error(message, { cause }), { code });

it('shows the code and message of a package', () => {
  const error = coded('ERR_INPUT_EMPTY', 'Expected a picture, found no byte');
  expect(toPublicError(error)).toEqual({
    code: 'ERR_INPUT_EMPTY',
    message: 'Expected a picture, found no byte',
  });
});

it('shows what failed in the guarded task, not that a task failed', () => {
  const cause = coded('ERR_INPUT_CORRUPT', 'Expected whole pixels');
  expect(toPublicError(coded('ERR_RESOURCE_TASK_FAILED', 'Task failed', cause))).toMatchObject({
    code: 'ERR_INPUT_CORRUPT',
  });
});

it.each([
  ['an error of Node', coded('ENOENT', "ENOENT: no such file, open '/srv/secret'")],
  ['an error without a code', new TypeError('x is not a function')],
  ['a task that threw one', coded('ERR_RESOURCE_TASK_FAILED', 'Task failed', new Error('/srv/secret'))],
  ['a code that only looks like ours', coded('ERR_INPUT_x /srv', '/srv/secret')],
  ['no error at all', '/srv/secret'],
])('shows nothing of %s', (_, error) => {
  expect(toPublicError(error)).toMatchObject({ code: 'ERR_GATEWAY_INTERNAL' });
  expect(JSON.stringify(toPublicError(error))).not.toContain('/srv');
});

it('cuts a message that none of our packages would write', () => {
  expect(toPublicError(coded('ERR_INPUT_CORRUPT', 'x'.repeat(300))).message).toHaveLength(300);
  expect(toPublicError(coded('ERR_INPUT_CORRUPT', 'x'.repeat(301))).message).toHaveLength(300);
});
