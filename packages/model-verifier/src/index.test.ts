import { expect, it } from 'vitest';
import * as api from './index.ts';

it('exports these names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'MODEL_ERROR_CODES',
    'ModelError',
    'checkModelLock',
    'diffModelLocks',
    'formatModelLock',
    'lockFolder',
    'openModelLock',
    'openVerifiedModel',
    'parseModelLock',
    'reasonsOf',
    'updateModelLock',
    'verdictOf',
  ]);
});
