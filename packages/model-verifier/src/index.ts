export { MODEL_ERROR_CODES, ModelError } from './errors.ts';
export type { ModelErrorCode, ModelErrorOptions } from './errors.ts';
export { checkModelLock } from './lock/check.ts';
export type { LockCheckOptions, LockEvidence } from './lock/check.ts';
export { diffModelLocks } from './lock/diff.ts';
export type { LockDifference } from './lock/diff.ts';
export type {
  CandidateFile,
  CandidateModel,
  LockedFile,
  LockedModel,
  LockProvenance,
  ModelFileRole,
  ModelLockDocument,
  ModelSource,
  NpmSource,
  ProvenanceMethod,
  SignerIdentity,
  SignerPolicy,
  UrlSource,
  WeakHint,
} from './lock/document.ts';
export { lockFolder } from './lock/entry.ts';
export type { RoleOptions } from './lock/entry.ts';
export { formatModelLock } from './lock/format.ts';
export { openModelLock, parseModelLock } from './lock/lock.ts';
export type { ModelLock } from './lock/lock.ts';
export { updateModelLock } from './lock/update-file.ts';
export type { LockUpdateOptions } from './lock/update-file.ts';
export { openVerifiedModel } from './verified-model.ts';
export type { ExternalData, ModelEvidence, VerifiedFile, VerifiedModel } from './verified-model.ts';
export { reasonsOf, verdictOf } from './verdict.ts';
export type { Reason, Verdict } from './verdict.ts';
