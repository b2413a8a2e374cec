import { expect, it } from 'vitest';
import { AliasGroups } from './alias-groups.ts';

it('joins through ids that no record has', () => {
  const groups = new AliasGroups();
  for (const ids of [
    ['A', 'D'],
    ['B', 'C'],
    ['C', 'D'],
    ['E', 'F'],
  ])
    groups.join(ids);
  expect([...groups.groups().values()].sort()).toEqual([
    ['A', 'B', 'C', 'D'],
    ['E', 'F'],
  ]);
});

it('leaves an id alone that nobody has joined', () => {
  const groups = new AliasGroups();
  groups.join(['A', 'B']);
  expect(groups.groupOf('Z')).toBe('Z');
  expect(groups.groupOf('A')).toBe(groups.groupOf('B'));
});

it('follows a chain of 100,000 aliases', () => {
  const groups = new AliasGroups();
  for (let at = 0; at < 100_000; at += 1) groups.join([`I-${at}`, `I-${at + 1}`]);
  expect(groups.groupOf('I-0')).toBe(groups.groupOf('I-100000'));
});
