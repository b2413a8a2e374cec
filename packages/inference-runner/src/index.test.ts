import { expect, it } from 'vitest';
import * as api from './index.ts';

it('exports these names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'INFERENCE_ERROR_CODES',
    'InferenceError',
    'blazeFaceAnchors',
    'createSession',
    'createTextReader',
    'cropTextLine',
    'ctcGreedyDecode',
    'decodeBlazeFace',
    'detectFaces',
    'findTextRegions',
    'nonMaxSuppression',
    'parseDictionary',
    'softmax',
    'topK',
  ]);
});
