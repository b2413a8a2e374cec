export { createGuard, type Guard, type GuardStats, type RunResult } from './guard.ts';
export type {
  DrainOptions,
  GuardOptions,
  Limits,
  PoisonOptions,
  RecycleOptions,
  RunOptions,
  Warmup,
} from './options.ts';
export { RUN_CHANNEL, type Receipt, type RunTrace } from './receipt.ts';
export { ENFORCEMENT_LEVELS, type Control, type Enforcement, type Requirement } from './enforcement.ts';
export {
  RESOURCE_ERROR_CODES,
  ResourceError,
  type ResourceErrorCode,
  type ResourceErrorDetails,
} from './errors.ts';
