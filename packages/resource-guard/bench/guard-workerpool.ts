// The worker script of workerpool, which has to be told its tasks.
import { createRequire } from 'node:module';
import { work } from './guard-tasks.ts';

interface Workerpool {
  worker(tasks: object): void;
}

/** Found in `peers/`, not in the workspace. */
function requirePeer(name: 'workerpool'): Workerpool {
  return createRequire(new URL('./peers/package.json', import.meta.url))(name) as Workerpool;
}

requirePeer('workerpool').worker({ work });
