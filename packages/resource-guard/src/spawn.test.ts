import { expect, it } from 'vitest';
import { selectFlags, selectVariables } from './spawn.ts';

it('passes on how modules are found', () => {
  const flags = ['--conditions=a', '--conditions', 'b', '-C', 'c', '--preserve-symlinks'];
  expect(selectFlags(flags)).toEqual([
    '--conditions=a',
    '--conditions=b',
    '--conditions=c',
    '--preserve-symlinks',
  ]);
});

it('passes on no debugger, profiler, permission or code', () => {
  const flags = [
    '--inspect',
    '--inspect-brk=0.0.0.0:9229',
    '--cpu-prof',
    '-e',
    'code()',
    '--import',
    './x.js',
    '--test',
  ];
  expect(selectFlags(flags)).toEqual([]);
});

it('passes on no variable that it does not know', () => {
  const environment = {
    TZ: 'UTC',
    PATH: '/bin',
    NODE_OPTIONS: '--inspect',
    AWS_SECRET_ACCESS_KEY: 'x',
    HOME: '/root',
  };
  expect(selectVariables(environment)).toEqual({ TZ: 'UTC' });
});
