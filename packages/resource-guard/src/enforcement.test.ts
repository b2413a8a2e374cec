import { expect, it } from 'vitest';
import { listUnmet, REQUIREMENTS, type Enforcement } from './enforcement.ts';

const enforcement: Enforcement = {
  ...{ kill: 'sigkill', memory: 'watchdog', cpu: 'watchdog', network: 'unshare', writes: 'none' },
  ...{ files: 'none', processes: 'unshare', privileges: 'dropped', descendants: 'pid-namespace' },
  ...{ orphans: 'pdeathsig', core: 'rlimit-core', descriptors: 'none' },
};

it('takes a control for met unless it is none', () => {
  expect(listUnmet(enforcement, ['memory', 'network', 'writes', 'files'])).toEqual(['writes', 'files']);
});

it('takes a level for met by itself and by any stronger one', () => {
  expect(listUnmet(enforcement, ['memory:poll', 'memory:watchdog', 'memory:rlimit-data'])).toEqual([
    'memory:rlimit-data',
  ]);
});

it('knows every level but none as a requirement', () => {
  expect(REQUIREMENTS).toContain('network:bwrap');
  expect(REQUIREMENTS.filter((requirement) => requirement.endsWith(':none'))).toEqual([]);
});
