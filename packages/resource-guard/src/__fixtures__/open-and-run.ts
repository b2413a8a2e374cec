// A host that opens a guard, runs one task, and says what came of it.

import { createGuard } from '../process-guard.ts';

const script = new URL('../testkit/hostile-tasks.ts', import.meta.url);
let said: object;
try {
  const guard = await createGuard({ script, workers: 1, spare: 0, limits: { startTimeoutMs: 15_000 } });
  const { value } = await guard.run('echo', 'ran');
  said = { value, enforcement: guard.enforcement };
  await guard.drain();
} catch (error) {
  said = { code: (error as { code?: unknown }).code };
}
process.stdout.write(JSON.stringify(said));
