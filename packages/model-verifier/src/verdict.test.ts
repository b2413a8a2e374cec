import { expect, it } from 'vitest';
import { ModelError } from './errors.ts';
import { reasonsOf, verdictOf } from './verdict.ts';

const reason = { code: 'ERR_MODEL_DIGEST', message: 'a.onnx: other bytes', path: 'a.onnx' };

it('is verified without a reason and refused with one', () => {
  expect(verdictOf([], 'evidence')).toEqual({ verdict: 'verified', reasons: [], evidence: 'evidence' });
  expect(verdictOf([reason], null)).toEqual({ verdict: 'refused', reasons: [reason], evidence: null });
});

it('makes an error its own reason, without the fields it lacks', () => {
  const { code, message, path } = reason;
  expect(reasonsOf(new ModelError('ERR_MODEL_DIGEST', message, { path }))).toEqual([{ code, message, path }]);
});

it('prefers the reasons an error carries', () => {
  expect(reasonsOf(new ModelError('ERR_MODEL_SIZE', 'two', { reasons: [reason, reason] }))).toHaveLength(2);
});

it('throws what is no ModelError: a fault of the program is no verdict', () => {
  expect(() => reasonsOf(new TypeError('bug'))).toThrow(TypeError);
});
