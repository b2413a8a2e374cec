// A host that ends while its processes loop: `exit` calls process.exit(), `throw` throws what nobody catches.

import { createPlainGuard as createGuard } from './plain-guard.ts';

const script = new URL('./hostile.ts', import.meta.url);
const guard = await createGuard({ script, workers: 2, spare: 0, limits: { timeoutMs: 60_000 } });
const ids = await Promise.all([guard.run('holdProcessId', 300), guard.run('holdProcessId', 300)]);
void guard.run('loop', undefined);
void guard.run('loop', undefined);
process.stdout.write(JSON.stringify(ids.map(({ value }) => value)));
setTimeout(() => {
  if (process.argv[2] === 'exit') process.exit(0);
  throw new Error('nobody catches this');
}, 300);
