export { MODEL_ERROR_CODES, ModelError } from './errors.ts';
export type { ModelErrorCode, ModelErrorOptions } from './errors.ts';
export { openModelLock, parseModelLock } from './lock/lock.ts';
export type { ModelLock } from './lock/lock.ts';
export type {
  LockedFile,
  LockedModel,
  ModelFileRole,
  ModelLockDocument,
  ModelSource,
  NpmSource,
  UrlSource,
} from './lock/document.ts';
export { openVerifiedModel } from './verified-model.ts';
export type { ExternalData, ModelEvidence, VerifiedFile, VerifiedModel } from './verified-model.ts';
export { reasonsOf, verdictOf } from './verdict.ts';
export type { Reason, Verdict } from './verdict.ts';
