import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ResourceError } from '../errors.ts';
import { measureCapacity, settle, type CapacityOptions } from '../testkit/capacity.ts';
import { generateLoad, type LoadReport } from '../testkit/load.ts';
import type { Console } from './console.ts';
import { EXIT, UsageError } from './exit.ts';

export interface OverloadFlags {
  readonly perSecond?: string;
  readonly times: string;
  readonly seconds: string;
  readonly deadlineMs: string;
  readonly bodyBytes: string;
  readonly body?: string;
  readonly header: readonly string[];
  readonly json: boolean;
}

interface MeasuredLoad extends LoadReport {
  readonly times: number;
  readonly perSecond: number;
}

/** Above this the generator would measure itself. */
const MAX_PER_SECOND = 20_000;

const COLUMNS: readonly (readonly [title: string, cell: (load: MeasuredLoad) => string])[] = [
  ['load', ({ times }) => `${times}x`],
  ['sent/s', ({ perSecond }) => perSecond.toFixed(0)],
  ['good/s', ({ goodPerSecond }) => goodPerSecond.toFixed(1)],
  ['p50 ms', ({ goodMs }) => formatMs(goodMs.p50)],
  ['p99 ms', ({ goodMs }) => formatMs(goodMs.p99)],
  ['refused', ({ refused }) => String(refused)],
  ['p50 ms', ({ refusedMs }) => formatMs(refusedMs.p50)],
  ['p99 ms', ({ refusedMs }) => formatMs(refusedMs.p99)],
  ['no Retry-After', ({ withoutRetryAfter }) => String(withoutRetryAfter)],
  ['late', ({ late }) => String(late)],
  ['failed', ({ failed }) => String(failed)],
  ['lag ms', ({ lagMs }) => formatMs(lagMs)],
];

/**
 * `overload`: measures what a server on this machine can do, then sends it multiples of that.
 *
 * @returns `EXIT.unmet` if it gave no good answer while its capacity was measured.
 */
export async function overloadCommand(url: string, flags: OverloadFlags, console: Console): Promise<number> {
  const { base, multiples, given } = await parseFlags(url, flags);
  try {
    const capacity = given ?? (await findCapacity(base, console));
    if (capacity === 0) {
      console.complain('no good answer: is the address right, and the body one that the server takes?');
      return EXIT.unmet;
    }
    const loads: MeasuredLoad[] = [];
    for (const times of multiples) {
      const perSecond = Math.min(times * capacity, MAX_PER_SECOND);
      console.progress(`${times}x: ${perSecond.toFixed(0)} requests per second`);
      loads.push({ times, perSecond, ...(await generateLoad({ ...base, perSecond })) });
      await settle(base);
    }
    if (flags.json) {
      console.print(JSON.stringify({ capacityPerSecond: capacity, measured: given === undefined, loads }));
    } else {
      console.print(`capacity ${capacity.toFixed(1)}/s, ${given === undefined ? 'measured' : 'as given'}`);
      for (const line of layOut(loads)) console.print(line);
    }
    warn(loads, base.deadlineMs, console);
    return EXIT.held;
  } catch (error) {
    // What can be wrong here was typed.
    if (error instanceof ResourceError && error.code === 'ERR_RESOURCE_OPTIONS') {
      throw new UsageError(error.message);
    }
    throw error;
  }
}

async function findCapacity(base: CapacityOptions, console: Console): Promise<number> {
  const { perSecond, saturated } = await measureCapacity(base, (load) => {
    console.progress(`looking for the capacity: ${load.toFixed(0)} requests per second`);
  });
  if (!saturated)
    console.complain('the server takes more than can be sent from here: the capacity is a lower bound');
  return perSecond;
}

function warn(loads: readonly MeasuredLoad[], deadlineMs: number, console: Console): void {
  const lagMs = Math.max(...loads.map((load) => load.lagMs));
  if (lagMs <= deadlineMs / 4) return;
  console.complain(`requests were sent up to ${lagMs.toFixed(0)} ms late: this machine is too slow to tell`);
}

interface ParsedFlags {
  readonly base: CapacityOptions & { readonly deadlineMs: number };
  readonly multiples: readonly number[];
  readonly given: number | undefined;
}

async function parseFlags(url: string, flags: OverloadFlags): Promise<ParsedFlags> {
  const headers = Object.fromEntries(flags.header.map(parseHeader));
  const bodyBytes = Math.floor(parseNumber('--body-bytes', flags.bodyBytes, 0));
  const multiples = flags.times.split(',').map((text) => parseNumber('--times', text, 0.01));
  const given =
    flags.perSecond === undefined ? undefined : parseNumber('--per-second', flags.perSecond, 0.01);
  const durationMs = parseNumber('--seconds', flags.seconds, 0.1) * 1000;
  const deadlineMs = parseNumber('--deadline-ms', flags.deadlineMs, 1);
  const body = flags.body === undefined ? makeBody(bodyBytes) : await readBody(flags.body);
  return { base: { url, durationMs, deadlineMs, body, headers: () => headers }, multiples, given };
}

function makeBody(bytes: number): Uint8Array | undefined {
  return bytes === 0 ? undefined : randomBytes(bytes);
}

async function readBody(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch {
    throw new UsageError('--body: the file cannot be read');
  }
}

function parseHeader(text: string): [name: string, value: string] {
  const colon = text.indexOf(':');
  const name = text.slice(0, colon).trim();
  const value = text.slice(colon + 1).trim();
  if (colon > 0 && /^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value)) return [name, value];
  throw new UsageError(`expected --header to be "name: value", found ${JSON.stringify(text)}`);
}

const MAX_NUMBER = 64 * 1024 * 1024;

function parseNumber(name: string, text: string, minimum: number): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (value >= minimum && value <= MAX_NUMBER) return value;
  throw new UsageError(
    `expected ${name} to be a number of at least ${minimum}, found ${JSON.stringify(text)}`,
  );
}

function formatMs(ms: number): string {
  return Number.isNaN(ms) ? '-' : ms.toFixed(1);
}

function layOut(loads: readonly MeasuredLoad[]): string[] {
  const rows = [
    COLUMNS.map(([title]) => title),
    ...loads.map((load) => COLUMNS.map(([, cell]) => cell(load))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column]!)).join('  '));
}
