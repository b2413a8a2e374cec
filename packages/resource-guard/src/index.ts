export { createGuard } from './process-guard.ts';
export type { Guard, GuardCapacity, GuardStats, RunResult } from './guard.ts';
export type { Limits } from './limits.ts';
export type { GuardOptions, PoisonOptions, QueueOptions, RecycleOptions, Warmup } from './options.ts';
export type { AdmitOptions, DrainOptions, RunOptions } from './run-options.ts';
export { REJECTION_CHANNEL, RUN_CHANNEL, type Receipt, type Rejection, type RunTrace } from './receipt.ts';
export { addressKey, clientKey, type RequestOrigin } from './admission/address-key.ts';
export {
  createAdaptiveLimit,
  type AdaptiveLimit,
  type AdaptiveLimitOptions,
} from './admission/adaptive-limit.ts';
export {
  createFairQueue,
  type FairQueue,
  type FairQueueOptions,
  type Place,
  type PlaceRequest,
  type Reservation,
} from './admission/fair-queue.ts';
export {
  createRateLimit,
  type RateDecision,
  type RateLimit,
  type RateLimitOptions,
  type RatePolicy,
} from './admission/rate-limit.ts';
export { rateLimitHeaders, type HeaderFields } from './admission/rate-limit-headers.ts';
export type { Admission, Ticket } from './admission/ticket.ts';
export {
  createJobs,
  type Job,
  type JobContext,
  type Jobs,
  type JobsOptions,
  type JobState,
} from './jobs/jobs.ts';
export { breakerPolicy, type BreakerOptions } from './policy/breaker-policy.ts';
export { compose, type Policy, type PolicyRequest } from './policy/policy.ts';
export { queuePolicy } from './policy/queue-policy.ts';
export { rateLimitPolicy } from './policy/rate-limit-policy.ts';
export {
  ioredisStore,
  nodeRedisStore,
  type IoredisClient,
  type NodeRedisClient,
  type ScriptStore,
} from './shared-limit/script-store.ts';
export {
  createSharedRateLimit,
  STORE_CHANNEL,
  type SharedRateDecision,
  type SharedRateLimit,
  type SharedRateLimitOptions,
  type StoreEvent,
} from './shared-limit/shared-rate-limit.ts';
export { ENFORCEMENT_LEVELS, type Control, type Enforcement, type Requirement } from './enforcement.ts';
export {
  RESOURCE_ERROR_CODES,
  ResourceError,
  type ResourceErrorCode,
  type ResourceErrorDetails,
} from './errors.ts';
export { observeGuard } from './telemetry/observe-guard.ts';
export type {
  Attributes,
  InstrumentOptions,
  ObservableGauge,
  Observation,
  TelemetryMeter,
} from './telemetry/meter.ts';
