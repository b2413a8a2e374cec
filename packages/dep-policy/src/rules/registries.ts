import type { DependencyPolicy } from '../policy.ts';
import type { Project } from '../project.ts';
import { findRegistryFault } from '../registry.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';
import { WORKSPACE_FILE } from '../workspace.ts';
import { checkNpmrcSources } from './npmrc-sources.ts';

/** One setting that says where packages come from. */
interface RegistrySetting {
  readonly key: string;
  readonly value: string;
  readonly file: string;
  readonly line: number | undefined;
  /** Registries that this setting may name. */
  readonly allowed: readonly string[];
}

/** Every registry that the project's own configuration names is allowed, and TLS certificates are looked at. */
export function checkRegistries(project: Project, policy: DependencyPolicy): Violation[] {
  const allowed = { main: allowedFor(true, policy), all: allowedFor(false, policy) };
  return workspaceRegistries(project, policy)
    .flatMap(({ key, value, file, line, allowed }) => {
      const fault = findRegistryFault(value, allowed);
      return fault === undefined ? [] : [violation(fault.rule, key, file, line, fault.message)];
    })
    .concat(
      checkCertificates(project),
      project.npmrcs.flatMap((npmrc) => checkNpmrcSources(npmrc, allowed)),
    );
}

function workspaceRegistries({ workspace }: Project, policy: DependencyPolicy): RegistrySetting[] {
  const { registry, registries, namedRegistries, lineOf } = workspace;
  return [
    ...(registry === undefined
      ? []
      : [
          {
            key: 'registry',
            value: registry,
            file: WORKSPACE_FILE,
            line: lineOf('registry'),
            allowed: allowedFor(true, policy),
          },
        ]),
    ...[...registries].map(([key, value]) => ({
      key,
      value,
      file: WORKSPACE_FILE,
      line: lineOf('registries', key),
      allowed: allowedFor(key === 'default', policy),
    })),
    ...[...namedRegistries].map(([key, value]) => ({
      key,
      value,
      file: WORKSPACE_FILE,
      line: lineOf('namedRegistries', key),
      allowed: policy.allowedRegistries,
    })),
  ];
}

/** Packages without a scope come from the one registry; a scope may have any of the allowed ones. */
function allowedFor(
  isDefault: boolean,
  { registry, allowedRegistries }: DependencyPolicy,
): readonly string[] {
  return isDefault ? [registry] : allowedRegistries;
}

function checkCertificates({ workspace }: Project): Violation[] {
  const message = 'expected TLS certificates to be verified, found that they are not';
  return workspace.strictSsl
    ? []
    : [violation('https', 'strictSsl', WORKSPACE_FILE, workspace.lineOf('strictSsl'), message)];
}
