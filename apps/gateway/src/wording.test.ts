import { expect, it } from 'vitest';
import type { AnalysisDocument } from './document.ts';
import { describeDocument, printableJson, summariseDocument } from './wording.ts';

const document = (rest: object): AnalysisDocument =>
  ({
    pipeline: 'text',
    input: { name: 'a.png', width: 3, height: 2, format: 'png' },
    receipt: {},
    ...rest,
  }) as never;

it('lets no control or direction character of a picture reach the terminal', () => {
  const text = 'a\u001b[2Jb\u202ec\u2028d\u0000';
  const shown = describeDocument(document({ result: { lines: [{ text, score: 1, polygon: [] }] } }));
  expect(shown).toBe('a.png  3 x 2 png\n  1.00  a·[2Jb·c·d·');
});

it("lets none of a file name or of a child's message through either", () => {
  const refused = document({
    error: { code: 'ERR_INPUT_CORRUPT', message: 'x\u001b[31m' },
    input: { name: 'a\u0007.png' },
  });
  expect(describeDocument(refused)).toBe('a·.png\n  refused  ERR_INPUT_CORRUPT: x·[31m');
});

it('escapes the same characters in JSON, which keeps its meaning', () => {
  const value = { name: 'a\u009b31m\u202eb\u2028\u0085\u{e0001}\n\u007f.png', lines: ['é 文 😀'] };
  for (const indent of [undefined, 2]) {
    const json = printableJson(value, indent);
    expect(JSON.parse(json)).toEqual(value);
    expect(json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(json).toContain('é 文 😀');
  }
});

it('says that nothing was found', () => {
  expect(describeDocument(document({ result: { faces: [] } }))).toContain('no face');
  expect(describeDocument(document({ result: { lines: [] } }))).toContain('no text');
  expect(summariseDocument(document({ result: { lines: [] } }))).toBe('–');
});

it('cuts a long line short in the table', () => {
  const lines = [{ text: 'x'.repeat(29), score: 1, polygon: [] }];
  expect(summariseDocument(document({ result: { lines } }))).toBe(`1 line: “${'x'.repeat(27)}…”`);
});
