// A worker module whose start is steered by its own URL: `log` gets a line per import, a file at `broken` makes it
// throw, `exitAfterMs` ends the process while it is idle, `hang` never finishes.

import { appendFileSync, existsSync } from 'node:fs';

const parameters = new URL(import.meta.url).searchParams;
const log = parameters.get('log');
const broken = parameters.get('broken');
const exitAfterMs = parameters.get('exitAfterMs');

if (log !== null) appendFileSync(log, `${process.pid}\n`);
if (broken !== null && existsSync(broken)) {
  throw Object.assign(new Error('the module is broken'), { code: 'ERR_BROKEN' });
}
if (exitAfterMs !== null) setTimeout(() => process.exit(0), Number(exitAfterMs));
if (parameters.has('hang')) for (;;);

let warm = false;

export function warmUp(input: unknown): void {
  if (input === 'fail') throw new TypeError('the warm-up failed');
  if (input === 'exit') process.exit(7);
  warm = true;
}

export function isWarm(): boolean {
  return warm;
}

export function processId(): number {
  return process.pid;
}

export function crash(): never {
  process.exit(1);
}
