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
export { importGluonStore } from './importers/gluon-store.ts';
export type { GluonStoreImport } from './importers/gluon-store.ts';
export { importHuggingFace } from './importers/hugging-face.ts';
export type { HuggingFaceImport } from './importers/hugging-face.ts';
export { importOnnxHub } from './importers/onnx-hub.ts';
export type { OnnxHubImport } from './importers/onnx-hub.ts';
export { openJournal } from './journal/journal.ts';
export type { Journal, JournalOptions } from './journal/journal.ts';
export type { JournalEntry, JournalHead, JournalRecord } from './journal/record.ts';
export { loadStatement, verificationStatement } from './journal/statement.ts';
export type { JournalStatement, VerificationSummary } from './journal/statement.ts';
export { readJournal, verifyJournal } from './journal/verify.ts';
export type { JournalEvidence, VerifyJournalOptions } from './journal/verify.ts';
export { openModelLock, parseModelLock } from './lock/lock.ts';
export type { ModelLock } from './lock/lock.ts';
export { updateModelLock } from './lock/update-file.ts';
export type { LockUpdateOptions } from './lock/update-file.ts';
export type { OmsBundle, SigningMethod, VerificationMaterial } from './oms/bundle.ts';
export { digestModel } from './oms/digest-model.ts';
export type { DigestModelOptions } from './oms/digest-model.ts';
export type { HashType, ModelManifest, Resource, Serialization } from './oms/manifest.ts';
export { signModel } from './oms/sign-model.ts';
export type { SignedModel } from './oms/sign-model.ts';
export { signWithCertificate, signWithKey } from './oms/signer.ts';
export type { ModelSigner, PrivateKeyOptions } from './oms/signer.ts';
export { trustSigstore, verifySigstoreBundle } from './oms/sigstore.ts';
export type { SigstoreIdentity, SigstoreTrustOptions, VerifySigstoreOptions } from './oms/sigstore.ts';
export { trustCertificates } from './oms/trust-certificates.ts';
export { trustKey } from './oms/trust-key.ts';
export type { SignatureResult, Signer, Trust, TrustContext } from './oms/trust.ts';
export { verifyBundle } from './oms/verify-bundle.ts';
export type { VerifiedBundle, VerifyBundleOptions } from './oms/verify-bundle.ts';
export { verifyModel } from './oms/verify-model.ts';
export type {
  SignatureEvidence,
  SignedFile,
  SignedModelEvidence,
  VerifyModelOptions,
} from './oms/verify-model.ts';
export type { PolicyLimits, RevocationRules, SignerRules, VerifierPolicy } from './policy/document.ts';
export { openPolicy, parsePolicy } from './policy/policy.ts';
export { signRevocationList, verifyRevocationList } from './revocation/envelope.ts';
export type { Key, SignedList } from './revocation/envelope.ts';
export { parseRevocationDocument } from './revocation/list.ts';
export type { RevocationDocument, RevocationEntry, RevokedThing } from './revocation/list.ts';
export { findRevoked, openRevocationList } from './revocation/revocation.ts';
export type { RevocationList, RevocationOptions, RevocationSubject } from './revocation/revocation.ts';
export type { ConnectionOptions } from './source/connection.ts';
export type { DownloadOptions } from './source/download.ts';
export { fetchModel } from './source/fetch.ts';
export type { FetchedFile, FetchedModel, FetchOptions } from './source/fetch.ts';
export type { HostRule, SourceRule } from './source/rule.ts';
export type { ModelEvidence, OpenModelOptions } from './opening.ts';
export { openVerifiedModel } from './verified-model.ts';
export type { ExternalData, VerifiedFile, VerifiedModel } from './verified-model.ts';
export { openVerifiedPaths } from './verified-paths.ts';
export type { RecheckOptions, VerifiedPath, VerifiedPaths } from './verified-paths.ts';
export { reasonsOf, verdictOf } from './verdict.ts';
export type { Reason, Verdict } from './verdict.ts';
export { checkContract, contractOf } from './onnx/contract.ts';
export type { OnnxContract } from './onnx/contract.ts';
export type { OnnxDataType } from './onnx/data-type.ts';
export { diffGraph } from './onnx/diff.ts';
export type { GraphChange, GraphDiff } from './onnx/diff.ts';
export type { GraphPart } from './onnx/graph-part.ts';
export type { OnnxExternalData } from './onnx/external-data.ts';
export { inspectOnnx } from './onnx/inspect.ts';
export type { InspectOnnxOptions } from './onnx/inspect.ts';
export { DEFAULT_ONNX_LIMITS } from './onnx/limits.ts';
export type { OnnxLimits } from './onnx/limits.ts';
export { ONNX_PROFILES } from './onnx/profile.ts';
export type { OnnxProfile, OnnxProfileName } from './onnx/profile.ts';
export type { OnnxOperator, OnnxOpset, OnnxReport } from './onnx/report.ts';
export type { OnnxDimension, OnnxValue } from './onnx/value-type.ts';
export { ONNX_VIOLATION_CODES } from './onnx/violation.ts';
export type { OnnxViolation, OnnxViolationCode } from './onnx/violation.ts';
export { extractArchive } from './archives/extract.ts';
export type { ExtractedArchive, ExtractOptions } from './archives/extract.ts';
export type { ExtractedFile } from './archives/extraction.ts';
export { DEFAULT_ARCHIVE_LIMITS } from './archives/limits.ts';
export type { ArchiveLimits } from './archives/limits.ts';
export { inspectModel } from './formats/inspect-model.ts';
export type { ModelReport } from './formats/inspect-model.ts';
export { inspectMxnetParams } from './formats/mxnet-params.ts';
export type { MxnetArray, MxnetParamsReport } from './formats/mxnet-params.ts';
export { inspectSafetensors } from './formats/safetensors.ts';
export type {
  InspectSafetensorsOptions,
  SafetensorsReport,
  SafetensorsTensor,
} from './formats/safetensors.ts';
export { sniffModelFormat } from './formats/sniff.ts';
export type { ModelFormat } from './formats/sniff.ts';
