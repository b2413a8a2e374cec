// A host to be killed: its sandboxed processes loop by then.

import { createGuard } from '../process-guard.ts';

const script = new URL('../testkit/hostile-tasks.ts', import.meta.url);
const guard = await createGuard({ script, workers: 2, spare: 0 });
void guard.run('loop', undefined);
void guard.run('loop', undefined);
setTimeout(() => process.stdout.write('looping\n'), 300);
