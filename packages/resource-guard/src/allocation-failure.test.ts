import { expect, it } from 'vitest';
import { isAllocationFailure, isFatalAllocation } from './allocation-failure.ts';

it.each([
  'Array buffer allocation failed',
  'Failed to allocate memory',
  'WebAssembly.Memory(): could not allocate memory',
  'vips2png: out of memory --- size == 48MB',
  'Non-zero status code returned while running MatMul node: std::bad_alloc',
  'bad allocation',
  'spawn ENOMEM: Cannot allocate memory',
])('knows "%s" as a refused allocation', (message) => {
  expect(isAllocationFailure({ name: 'Error', message })).toBe(true);
});

it.each(['Input buffer has corrupt header', 'Invalid array length', 'memory', 'allocation table is damaged'])(
  'does not take "%s" for one',
  (message) => {
    expect(isAllocationFailure({ name: 'Error', message })).toBe(false);
  },
);

it('knows the last lines of a process whose heap was full, and no others', () => {
  expect(
    isFatalAllocation(
      'FATAL ERROR: Committing semi space failed. Allocation failed - JavaScript heap out of memory',
    ),
  ).toBe(true);
  expect(isFatalAllocation("terminate called after throwing an instance of 'std::bad_alloc'")).toBe(true);
  expect(isFatalAllocation('Segmentation fault')).toBe(false);
});
