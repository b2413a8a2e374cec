export { checkDependencies } from './check-dependencies.ts';
export type { CheckDependenciesOptions, DependencyReport } from './check-dependencies.ts';
export { DEP_ERROR_CODES, DependencyError } from './errors.ts';
export type { DependencyErrorCode } from './errors.ts';
export { DEFAULT_REGISTRY } from './policy.ts';
export type { DependencyPolicyInput } from './policy.ts';
export { RULES } from './violation.ts';
export type { Rule, Violation } from './violation.ts';

export { compareVersions } from './versions/version-order.ts';
export { ECOSYSTEMS, normalizeName, packageUrl } from './ecosystem.ts';
export type { Ecosystem, PackageName } from './ecosystem.ts';

export { LOCK_FORMATS, SCOPES } from './graph/dependency-graph.ts';
export type {
  Archive,
  DependencyGraph,
  Edge,
  GraphProblem,
  GraphRoot,
  LockFormat,
  PackageNode,
  PackageOrigin,
  Position,
  Scope,
} from './graph/dependency-graph.ts';
export { FOCUS_PRESETS, focusClosure } from './graph/focus.ts';
export type { FocusPreset } from './graph/focus.ts';
export { Dependents } from './graph/paths.ts';
export type { IntroducingPath, IntroducingPaths } from './graph/paths.ts';
export { readLockfile } from './readers/read-lockfile.ts';
export type { ReadLockfileOptions } from './readers/read-lockfile.ts';

export { EVENT_KINDS } from './advisories/advisory.ts';
export type { Advisory, AffectedEntry, AffectedRange, EventKind, RangeEvent } from './advisories/advisory.ts';
export type { AdvisorySource, PackageVersions, SourceDescription } from './advisories/advisory-source.ts';
export { buildAdvisoryIndex } from './advisories/build-index.ts';
export type { BuildIndexOptions, BuiltIndex } from './advisories/build-index.ts';
export type { IndexCounts, IndexedSource, IndexHeader } from './advisories/index-format.ts';
export type { ServiceOptions } from './advisories/http-json.ts';
export { matchAdvisory } from './advisories/match.ts';
export type { Evidence, Match, PackageVersion } from './advisories/match.ts';
export { npmBulk } from './advisories/npm-bulk.ts';
export { openAdvisories } from './advisories/open-advisories.ts';
export { openAdvisoryIndex } from './advisories/open-index.ts';
export type { AdvisoryIndex } from './advisories/open-index.ts';
export { osvApi } from './advisories/osv-api.ts';
export { parseOsvRecord } from './advisories/osv-record.ts';
export type { Comparison } from './advisories/range.ts';
export { RATINGS } from './advisories/severity.ts';
export type { Rating, Severity } from './advisories/severity.ts';

export type { ExploitPrediction } from './scan/epss.ts';
export { explainFinding } from './scan/explain.ts';
export type { ExplainedRecord, Explanation } from './scan/explain.ts';
export { PRIORITIES } from './scan/finding.ts';
export type { Finding, FindingPath, Fix, Occurrence, Priority } from './scan/finding.ts';
export type { KnownExploit } from './scan/kev.ts';
export type { PackageFinding } from './scan/package-findings.ts';
export { EXIT_CODES } from './scan/report.ts';
export type { Incompleteness, ScannedFile, ScanReport, ScanVerdict } from './scan/report.ts';
export type { RetiredPackage } from './scan/retired.ts';
export { smallestSafeVersion } from './scan/safe-version.ts';
export type { SafeVersion } from './scan/safe-version.ts';
export { DEFAULT_MAX_AGE_IN_DAYS, scanDependencies, scanGraphs } from './scan/scan.ts';
export type { ScanDependenciesOptions, ScanOptions } from './scan/scan.ts';

export { toCycloneDx } from './formats/cyclonedx.ts';
export { compareReports } from './formats/difference.ts';
export type { ReportDifference } from './formats/difference.ts';
export { toIssueText, toMarkdown, toPullRequestText } from './formats/markdown.ts';
export { readOpenVex, toOpenVex } from './formats/openvex.ts';
export type { OpenVexOptions } from './formats/openvex.ts';
export { vexExcuse } from './formats/vex-statement.ts';
export type { VexStatement } from './formats/vex-statement.ts';
export { toSarif } from './formats/sarif.ts';
export type { SarifContents, SarifLog } from './formats/sarif.ts';

export { judgeReport } from './policy-file/judgement.ts';
export type { Judgement, JudgementOptions } from './policy-file/judgement.ts';
export { POLICY_FILES, readPolicyFile } from './policy-file/policy-file.ts';
export type { LoadedPolicy } from './policy-file/policy-file.ts';
export { policyFileSchema } from './policy-file/policy-schema.ts';
export type { PolicyException, PolicyFile } from './policy-file/policy-schema.ts';

export { hashRequirements } from './artifacts/hashed-requirements.ts';
export type { HashedRequirements, HashedRequirementsOptions } from './artifacts/hashed-requirements.ts';
export { verifyArtifacts } from './artifacts/verify-artifacts.ts';
export type { ArtifactReport } from './artifacts/verify-artifacts.ts';
export { checkLocks } from './check-locks.ts';
export type { CheckLocksOptions, LocksReport } from './check-locks.ts';
export { writePins } from './pin-writer.ts';
export type { PinResult, WrittenPin } from './pin-writer.ts';
export { defaultPolicy, MAX_EXCEPTION_DAYS } from './policy-file/default-policy.ts';
export { allowsPep440 } from './versions/pep440-specifier.ts';

export { checkProject } from './check-project.ts';
export type { CheckProjectOptions, ProjectReport } from './check-project.ts';
export { LEDGER_EVENTS, ledgerEntrySchema } from './ledger/ledger-entry.ts';
export type { LedgerDraft, LedgerEntry, LedgerEvent } from './ledger/ledger-entry.ts';
export { ledgerStatus } from './ledger/ledger-status.ts';
export type { LedgerItem, LedgerStatus } from './ledger/ledger-status.ts';
export { recordFindings } from './ledger/record-findings.ts';
export type { RecordOptions } from './ledger/record-findings.ts';
export { appendLedger, LEDGER_FILE, readLedger } from './ledger/ledger.ts';
export type { Ledger } from './ledger/ledger.ts';
export { starterFiles } from './starter-files.ts';
export type { StarterFile } from './starter-files.ts';

export { knownReleases } from './registry-data/package-releases.ts';
export type { KnownReleases, Release, ReleaseSource } from './registry-data/package-releases.ts';
export { registryReleases } from './registry-data/registry-releases.ts';
export type { RegistryReleasesOptions } from './registry-data/registry-releases.ts';
export { planRemediation } from './remediation/remediation-plan.ts';
export type {
  Remediation,
  RemediationKind,
  RemediationOptions,
  Replacement,
} from './remediation/remediation-plan.ts';
export { writeRemediation } from './remediation/remediation-writer.ts';
export type { WriteRemediationOptions, WrittenRemediation } from './remediation/remediation-writer.ts';

export { scheduleFiles } from './updates/schedule.ts';
export { findUnrecordedLocks, stageUpdate } from './updates/staging.ts';
export type { StagingOptions } from './updates/staging.ts';
export { planUpdates } from './updates/update-plan.ts';
export type { Update, UpdateOptions } from './updates/update-plan.ts';
export {
  describeHistory,
  readUpdateRecords,
  updateRecordSchema,
  UPDATES_FILE,
} from './updates/update-record.ts';
export type { UpdateRecord } from './updates/update-record.ts';
