export { MODEL_ERROR_CODES, ModelError } from './errors.ts';
export type { ModelErrorCode } from './errors.ts';
export { openModelLock, parseModelLock } from './lock.ts';
export type { ModelLock } from './lock.ts';
export type {
  LockedFile,
  LockedModel,
  ModelFileRole,
  ModelLockDocument,
  ModelSource,
  NpmSource,
  UrlSource,
} from './lock-document.ts';
export { openVerifiedModel } from './verified-model.ts';
export type { ExternalData, ModelEvidence, VerifiedFile, VerifiedModel } from './verified-model.ts';
