export { checkDependencies } from './check-dependencies.ts';
export type { CheckDependenciesOptions, DependencyReport } from './check-dependencies.ts';
export { DEP_ERROR_CODES, DependencyError } from './errors.ts';
export type { DependencyErrorCode } from './errors.ts';
export { DEFAULT_REGISTRY } from './policy.ts';
export type { DependencyPolicyInput } from './policy.ts';
export { RULES } from './violation.ts';
export type { Rule, Violation } from './violation.ts';
