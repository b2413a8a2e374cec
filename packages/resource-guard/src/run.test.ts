import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { parseGuardOptions } from './options.ts';
import { Run } from './run.ts';

const { limits } = parseGuardOptions({ script: new URL('file:///worker.js') });

it('ends a run whose deadline passed while nothing could run, and warns of nothing', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  const run = new Run({ task: 'echo', body: new Uint8Array(), digest: undefined, limits }, { deadlineMs: 1 });
  let kills = 0;
  try {
    const end = performance.now() + 5;
    while (performance.now() < end);
    run.begin(() => (kills += 1));
    await delay(20);
  } finally {
    run.end();
    process.off('warning', note);
  }
  expect(run.stopped).toBe('ERR_RESOURCE_DEADLINE');
  expect(kills).toBe(1);
  expect(warnings).toEqual([]);
});
