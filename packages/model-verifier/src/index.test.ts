import { expect, it } from 'vitest';
import * as api from './index.ts';

it('exports these names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'DEFAULT_ONNX_LIMITS',
    'MODEL_ERROR_CODES',
    'ModelError',
    'ONNX_PROFILES',
    'ONNX_VIOLATION_CODES',
    'checkContract',
    'checkModelLock',
    'contractOf',
    'diffGraph',
    'diffModelLocks',
    'digestModel',
    'fetchModel',
    'formatModelLock',
    'inspectOnnx',
    'lockFolder',
    'openModelLock',
    'openPolicy',
    'openVerifiedModel',
    'parseModelLock',
    'parsePolicy',
    'reasonsOf',
    'signModel',
    'signWithCertificate',
    'signWithKey',
    'trustCertificates',
    'trustKey',
    'trustSigstore',
    'updateModelLock',
    'verdictOf',
    'verifyBundle',
    'verifyModel',
    'verifySigstoreBundle',
  ]);
});
