import { expect, it } from 'vitest';
import { isLicenceExpression } from './licence.ts';

it.each([
  'MIT',
  'GPL-2.0+',
  'MIT OR Apache-2.0',
  '(MIT OR Apache-2.0) AND BSD-3-Clause',
  'GPL-2.0-only WITH Classpath-exception-2.0',
  'LicenseRef-Team',
  'DocumentRef-a:LicenseRef-b AND MIT',
])('%s is a licence expression', (text) => {
  expect(isLicenceExpression(text)).toBe(true);
});

it.each([
  '',
  'MIT OR',
  'OR MIT',
  'MIT MIT',
  'MIT AND OR MIT',
  '(MIT',
  'MIT)',
  '()',
  'MIT WITH (MIT)',
  '(MIT OR ISC) WITH x',
  'GPL-2.0-only WITH a WITH b',
  'a:b',
  'MIT++',
])('%j is none', (text) => {
  expect(isLicenceExpression(text)).toBe(false);
});
