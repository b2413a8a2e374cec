// A host to be killed: opens a guard, prints the ids of its processes and waits.

import { createPlainGuard as createGuard } from './plain-guard.ts';

const guard = await createGuard({ script: new URL('./hostile.ts', import.meta.url), workers: 2, spare: 0 });
const ids = await Promise.all([guard.run('linger', 300), guard.run('linger', 300)]);
process.stdout.write(`${JSON.stringify(ids.map(({ value }) => value))}\n`);
