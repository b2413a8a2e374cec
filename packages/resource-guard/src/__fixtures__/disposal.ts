// A host that opens a guard, leaves it while it is busy, and prints what is left in the process.

import { getEventListeners } from 'node:events';
import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { createPlainGuard as createGuard } from './plain-guard.ts';
import { HAS_PROC, listChildren } from './processes.ts';
import { HOSTILE } from './scripts.ts';

const { signal } = new AbortController();
const codes: Promise<unknown>[] = [];
const codeOf = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => 'value',
    (error: unknown) => (error as { code: unknown }).code,
  );
const countListeners = (): number =>
  getEventListeners(signal, 'abort').length +
  process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
// Node opens these when it first needs them, at a time of its own: so that they count before as well as after.
process.stdout.uncork();
process.stderr.uncork();
const before = { resources: process.getActiveResourcesInfo(), listeners: countListeners() };
{
  await using guard = await createGuard({ script: HOSTILE, workers: 2, spare: 1 });
  codes.push(codeOf(guard.run('echo', 1, { signal })));
  await codes[0];
  codes.push(codeOf(guard.run('loop', undefined, { signal })));
  codes.push(codeOf(guard.run('slow', 5000, { signal })));
  codes.push(codeOf(guard.run('echo', 2, { signal })));
}
const children = HAS_PROC ? listChildren() : [];
// Node frees the handles of a dead process a turn or two later.
for (let turn = 0; turn < 3; turn += 1) await setImmediate();
const after = { resources: process.getActiveResourcesInfo(), listeners: countListeners() };
writeSync(1, JSON.stringify({ codes: await Promise.all(codes), children, before, after }));
