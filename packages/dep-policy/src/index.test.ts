import { expect, it } from 'vitest';
import * as api from './index.ts';

it('exports what the README describes and nothing else', () => {
  expect(Object.keys(api).sort()).toEqual([
    'DEFAULT_REGISTRY',
    'DEP_ERROR_CODES',
    'DependencyError',
    'RULES',
    'checkDependencies',
  ]);
});
