import { describe, expect, it } from 'vitest';
import { parseBench } from './bench.ts';

const arm = { name: 'bare', run: (): undefined => undefined };
const bench = { title: 'one against another', unit: 'image', arms: [arm] };

describe('parseBench', () => {
  it('hands back the very object it was given', () => {
    expect(parseBench(bench)).toBe(bench);
  });

  it.each([
    ['nothing exported', undefined, 'the default export'],
    ['no title', { ...bench, title: '' }, 'title'],
    ['no unit', { ...bench, unit: 3 }, 'unit'],
    ['no arm', { ...bench, arms: [] }, 'arms'],
    ['an arm without a name', { ...bench, arms: [{ ...arm, name: undefined }] }, 'arms[0].name'],
    ['an arm that cannot run', { ...bench, arms: [arm, { name: 'x' }] }, 'arms[1].run'],
    [
      'a baseline that is not a boolean',
      { ...bench, arms: [{ ...arm, baseline: 'yes' }] },
      'arms[0].baseline',
    ],
    ['a hook that is not a function', { ...bench, arms: [{ ...arm, dispose: true }] }, 'arms[0].dispose'],
    ['an empty list of cases', { ...bench, cases: [] }, 'cases'],
    ['zero rounds', { ...bench, rounds: 0 }, 'rounds'],
    ['half a round', { ...bench, rounds: 1.5 }, 'rounds'],
    ['a warm-up below zero', { ...bench, warmup: -1 }, 'warmup'],
    ['a report that is a text', { ...bench, report: 'fast' }, 'report'],
  ])('refuses %s and says where', (_, value, where) => {
    expect(() => parseBench(value)).toThrow(
      new RegExp(`Expected ${where.replaceAll(/[[\].]/g, '\\$&')} to be`),
    );
  });

  it('accepts one round and no warm-up', () => {
    expect(() => parseBench({ ...bench, rounds: 1, warmup: 0 })).not.toThrow();
  });

  it('refuses two arms of the same name', () => {
    expect(() => parseBench({ ...bench, arms: [arm, { ...arm }] })).toThrow(TypeError);
  });

  it('refuses the same case twice', () => {
    expect(() => parseBench({ ...bench, cases: ['vga', 'vga'] })).toThrow(TypeError);
  });

  it('refuses a second baseline', () => {
    const arms = [
      { ...arm, baseline: true },
      { ...arm, name: 'other', baseline: true },
    ];
    expect(() => parseBench({ ...bench, arms })).toThrow(TypeError);
  });
});
