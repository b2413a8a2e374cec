import { z } from 'zod';
import { MAX_FAILURE_MESSAGE, MAX_FAILURE_NAME } from './failure.ts';

/** Host to child. */
export type Request =
  | { readonly type: 'start'; readonly script: string }
  /** Attempts what a sandbox forbids: a connection to `port`, a file in `folder`, a look at `secret`. */
  | {
      readonly type: 'probe';
      readonly port?: number | undefined;
      readonly folder?: string | undefined;
      readonly secret?: string | undefined;
    }
  | { readonly type: 'allocate'; readonly bytes: number; readonly touch?: boolean }
  | {
      readonly type: 'run';
      readonly id: string;
      readonly task: string;
      readonly timeoutMs: number;
      readonly outputBytes: number;
      /** Limits that the watchdog in the child holds as well; absent for the warm-up. */
      readonly memoryBytes?: number;
      readonly cpuMs?: number;
      /** Memory of the process when it became warm, if the host knows it. */
      readonly baselineBytes?: number;
    };

const failure = z.strictObject({
  name: z.string().max(MAX_FAILURE_NAME),
  message: z.string().max(MAX_FAILURE_MESSAGE),
  code: z.string().max(MAX_FAILURE_NAME).optional(),
  httpStatus: z.number().optional(),
  retryable: z.boolean().optional(),
});

const usage = {
  cpuMs: z.number().nonnegative(),
  peakMemoryBytes: z.number().nonnegative(),
};

const count = z.int().nonnegative();

/** What setrlimit(2) counts in blocks of 512 bytes. */
const blocks = z.union([count, z.literal('unlimited')]);

// The child is taken to be in a stranger's hands: everything it sends is parsed against this closed set.
const replySchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('ready'),
    tasks: z.array(z.string()),
    residentBytes: z.number().nonnegative(),
    watched: z.boolean(),
  }),
  z.strictObject({ type: z.literal('unstarted'), failure }),
  z.strictObject({
    type: z.literal('probed'),
    connected: z.boolean(),
    written: z.array(z.enum(['file', 'bytes', 'kernel'])),
    read: z.array(z.string()),
    processes: count,
    descriptors: count,
    coreBlocks: blocks.optional(),
    fileBlocks: blocks.optional(),
    watched: z.boolean(),
  }),
  z.strictObject({ type: z.literal('allocated'), allowed: z.boolean() }),
  z.strictObject({ type: z.literal('begun'), id: z.string() }),
  z.strictObject({ type: z.literal('progress'), id: z.string(), progress: z.unknown() }),
  z.strictObject({ type: z.literal('value'), id: z.string(), ...usage }),
  z.strictObject({ type: z.literal('failed'), id: z.string(), failure, ...usage }),
  z.strictObject({ type: z.literal('oversize'), id: z.string(), bytes: z.number(), ...usage }),
]);

/** Child to host. */
export type Reply = z.output<typeof replySchema>;

/** @returns `undefined` for anything that no honest child sends. */
export function parseReply(head: string): Reply | undefined {
  try {
    return replySchema.safeParse(JSON.parse(head)).data;
  } catch {
    return undefined;
  }
}
