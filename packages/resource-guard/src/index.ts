export { createGuard, type Guard, type GuardStats, type RunResult } from './guard.ts';
export type { DrainOptions, GuardOptions, Limits, RunOptions, Warmup } from './options.ts';
export { RUN_CHANNEL, type Receipt } from './receipt.ts';
export type { Enforcement } from './enforcement.ts';
export {
  RESOURCE_ERROR_CODES,
  ResourceError,
  type ResourceErrorCode,
  type ResourceErrorDetails,
} from './errors.ts';
