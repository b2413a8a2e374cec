import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeProject } from '../testing/workspace.ts';
import { ScratchFile } from './scratch-file.ts';
import { SortedRuns } from './sorted-runs.ts';

async function runs(): Promise<{ readonly sorted: SortedRuns; readonly file: ScratchFile }> {
  const file = new ScratchFile(join(await writeProject({}), 'scratch'));
  onTestFinished(() => {
    file.close();
  });
  return { sorted: new SortedRuns(file), file };
}

describe('sorted runs', () => {
  it('give back a few entries without writing them', async () => {
    const { sorted, file } = await runs();
    for (const key of ['b', 'a', 'c']) sorted.add(key, key.toUpperCase());
    expect([...sorted.merged()].map(({ key, value }) => key + value)).toEqual(['aA', 'bB', 'cC']);
    expect(file.length).toBe(0);
  });

  it('give back more than is held at once by key, equal keys as they came', async () => {
    const { sorted, file } = await runs();
    const text = 'x'.repeat(1000);
    const expected: { key: string; order: number }[] = [];
    for (let order = 0; order < 12_000; order += 1) {
      const key = `k\u{E9}-${(order * 7919) % 1000}`;
      expected.push({ key, order });
      sorted.add(key, `${order} ${text}`);
    }
    expected.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.order - b.order));
    const found = [...sorted.merged()];
    expect(file.length).toBeGreaterThan(8_000_000);
    expect(found.map(({ key, value }) => ({ key, order: Number.parseInt(value, 10) }))).toEqual(expected);
    expect(found.every(({ value }) => value.endsWith(text))).toBe(true);
  });

  it('give back an entry that is larger than what is read ahead, and one that is empty', async () => {
    const { sorted } = await runs();
    const large = '\u{1F600}'.repeat(1_500_000);
    for (const key of ['b', 'a']) sorted.add(key, large);
    sorted.add('', '');
    sorted.add('c', 'end');
    const found = [...sorted.merged()];
    expect(found.map(({ key, value }) => [key, value.length])).toEqual([
      ['', 0],
      ['a', large.length],
      ['b', large.length],
      ['c', 3],
    ]);
  });

  it('take half of a surrogate pair for what UTF-8 makes of it', async () => {
    const { sorted } = await runs();
    sorted.add('a\u{D800}', '1');
    sorted.add('a\u{FFFD}', '2');
    expect([...sorted.merged()]).toEqual([
      { key: 'a\u{FFFD}', value: '1' },
      { key: 'a\u{FFFD}', value: '2' },
    ]);
  });
});
