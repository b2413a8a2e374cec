import type { DependencyGraph } from '../graph/dependency-graph.ts';
import type { PolicyFile } from '../policy-file/policy-schema.ts';
import type { NpmrcSetting } from '../npmrc.ts';
import { readNpmrc } from '../npmrc.ts';
import { findRegistryFault } from '../registry.ts';
import { readTextFile } from '../text-file.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';

const MAX_BYTES = 1024 * 1024;

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
  const npmrc = await readNpmrc(root, '.');
  const pnpm = formats.has('pnpm-lock') ? await import('./pnpm-hardening.ts') : undefined;
  return [
    ...((await pnpm?.checkPnpmHardening(root, npmrc.settings, policy)) ?? []),
    ...(formats.has('package-lock') ? checkNpm(npmrc.settings, policy) : []),
    ...(graphs.some(({ packages }) => [...packages.values()].some(({ ecosystem }) => ecosystem === 'PyPI'))
      ? await checkPip(root, policy)
      : []),
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

/** `pip.conf` of the project: pip reads it where `PIP_CONFIG_FILE` or a virtual environment points to it. */
async function checkPip(root: string, { registries }: PolicyFile): Promise<Violation[]> {
  const found: Violation[] = [];
  for (const path of ['pip.conf', 'pip.ini']) {
    const file = await readTextFile(root, path, MAX_BYTES);
    let key = '';
    for (const [index, line] of (file?.text ?? '').split(/\r\n|\r|\n/).entries()) {
      if (/^\s*(?:[#;]|$)/.test(line)) continue;
      const [, name, first] = /^([A-Za-z][\w-]*)\s*[=:]\s*(.*)$/.exec(line) ?? [];
      // An indented line continues the value of the one above.
      const value = (name === undefined ? line : (first ?? '')).trim();
      if (name !== undefined) key = name.toLowerCase().replaceAll('_', '-');
      else if (!/^\s/.test(line)) key = '';
      if (value === '') continue;
      const report = (rule: Violation['rule'], message: string): void => {
        found.push(violation(rule, key, path, index + 1, message));
      };
      if (key === 'extra-index-url')
        report('registry', 'expected one index, found a second: whoever has the higher version there wins');
      else if (key === 'trusted-host')
        report('https', 'expected TLS certificates to be verified, found a host that is trusted without');
      else if (key === 'find-links')
        report('exotic-source', 'expected packages of an index, found another place to look for them');
      else if (key === 'index-url') {
        const fault = findRegistryFault(value, registries.pypi);
        if (fault !== undefined) report(fault.rule, fault.message);
      }
    }
  }
  return found;
}
