import { expect, it } from 'vitest';
import * as api from './index.ts';

it('exports these names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'MODEL_ERROR_CODES',
    'ModelError',
    'checkModelLock',
    'diffModelLocks',
    'digestModel',
    'fetchModel',
    'formatModelLock',
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
