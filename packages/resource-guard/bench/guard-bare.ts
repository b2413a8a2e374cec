// A child with Node's own channel and nothing around it: what passing a task to another process costs at least.
import { work } from './guard-tasks.ts';

process.on('message', (bytes: Uint8Array) => process.send?.(work(bytes)));
