// The worker script of workerpool, which has to be told its tasks.
import { createRequire } from 'node:module';
import { work } from './guard-tasks.ts';

const require = createRequire(new URL('./peers/package.json', import.meta.url));
const workerpool = require('workerpool') as { worker(tasks: object): void };

workerpool.worker({ work });
