import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { PIPELINE_NAMES } from './pipelines/catalogue.ts';

const sourceOrBuilt = import.meta.url.slice(import.meta.url.lastIndexOf('.'));

const configSchema = z.strictObject({
  /** Pipelines to load; each brings its models. */
  pipelines: z.array(z.enum(PIPELINE_NAMES)).min(1),
  /** Folder of the repository whose manifests and lockfile are checked at start. */
  root: z.string().default(fileURLToPath(new URL('../../../', import.meta.url))),
  /** Folder with models.lock. */
  models: z.string().default(fileURLToPath(new URL('../models/', import.meta.url))),
  /** Module that the guarded children run. */
  worker: z.instanceof(URL).default(new URL(`./worker${sourceOrBuilt}`, import.meta.url)),
  /** Guarded children at work at the same time. */
  workers: z.int().min(1).max(64).default(availableParallelism()),
  /** Warm children waiting to replace one that was killed. */
  spare: z.int().min(0).max(8).default(1),
  /** Wall-clock deadline of one picture in milliseconds; the pipeline's own where absent. */
  timeoutMs: z.int().min(1).max(600_000).optional(),
  /** Memory one picture may take beyond the idle worker, in MiB. */
  memoryMb: z.int().min(128).max(65_536).default(1024),
});

/** How a gateway is opened: the operator's choices, every limit filled in. */
export type GatewayConfig = z.output<typeof configSchema>;
export type GatewayConfigInput = z.input<typeof configSchema>;

/** @throws {z.ZodError} If a value is out of range or unknown. */
export function parseConfig(input: GatewayConfigInput): GatewayConfig {
  return configSchema.parse(input);
}
