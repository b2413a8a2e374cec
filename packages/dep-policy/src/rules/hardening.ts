import type { DependencyGraph, LockFormat } from '../graph/dependency-graph.ts';
import type { PolicyFile } from '../policy-file/policy-schema.ts';
import type { NpmrcSetting } from '../npmrc.ts';
import { readNpmrc } from '../npmrc.ts';
import { findRegistryFault } from '../registry.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';

const PYTHON_FORMATS: ReadonlySet<LockFormat> = new Set([
  'requirements',
  'pylock',
  'uv',
  'poetry',
  'pdm',
  'pipfile',
]);

/**
 * Checks that the settings which protect an installation are effective: there, in the file that the tool reads, and not
 * undone by another one. Only files of the project count; what a machine sets besides is not seen.
 */
export async function checkHardening(
  root: string,
  graphs: readonly DependencyGraph[],
  policy: PolicyFile,
): Promise<Violation[]> {
  const formats = new Set(graphs.map(({ format }) => format));
  const python = graphs.filter(({ format }) => PYTHON_FORMATS.has(format));
  const npmrc = await readNpmrc(root, '.');
  const pnpm = formats.has('pnpm-lock') ? await import('./pnpm-hardening.ts') : undefined;
  return [
    ...((await pnpm?.checkPnpmHardening(root, npmrc.settings, policy)) ?? []),
    ...(formats.has('package-lock') ? checkNpm(npmrc.settings, policy) : []),
    ...(python.length === 0
      ? []
      : await (await import('./python-hardening.ts')).checkPythonHardening(root, python, policy)),
  ];
}

function checkNpm(npmrc: readonly NpmrcSetting[], { registries }: PolicyFile): Violation[] {
  return npmrc.flatMap(({ key, value, line }) => {
    if (key === 'registry' || key.endsWith(':registry')) {
      const fault = findRegistryFault(
        value,
        key === 'registry' ? registries.npm.slice(0, 1) : registries.npm,
      );
      return fault === undefined ? [] : [violation(fault.rule, key, '.npmrc', line, fault.message)];
    }
    if (key === 'strict-ssl' && value !== 'true') {
      return [
        violation(
          'https',
          key,
          '.npmrc',
          line,
          'expected TLS certificates to be verified, found that they are not',
        ),
      ];
    }
    if (key === 'package-lock' && value !== 'true') {
      return [violation('setting', key, '.npmrc', line, 'expected a lock, found that npm writes none')];
    }
    if ((key === 'allow-git' || key === 'allow-remote') && value === 'all') {
      return [violation('setting', key, '.npmrc', line, 'expected none or root, found all')];
    }
    return [];
  });
}
