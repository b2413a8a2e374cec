import { isOfMachine } from '../npmrc.ts';
import type { Npmrc } from '../npmrc.ts';
import { findRegistryFault } from '../registry.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';

/** Registries that settings may name. */
export interface AllowedRegistries {
  /** For packages without a scope of their own. */
  readonly main: readonly string[];
  readonly all: readonly string[];
}

/** Checks what an `.npmrc` says of where packages come from, for every tool that reads one. */
export function checkNpmrcSources({ path, settings }: Npmrc, { main, all }: AllowedRegistries): Violation[] {
  return settings.flatMap((setting) => {
    const { key, value, line } = setting;
    if (isOfMachine(setting)) {
      return [
        violation(
          'setting',
          key,
          path,
          line,
          'expected the name of a setting, found one that a variable makes',
        ),
      ];
    }
    if (key === 'registry' || key.endsWith(':registry')) {
      const fault = findRegistryFault(value, key === 'registry' ? main : all);
      return fault === undefined ? [] : [violation(fault.rule, key, path, line, fault.message)];
    }
    if (key === 'strict-ssl' && value !== 'true') {
      const message = 'expected TLS certificates to be verified, found that they are not';
      return [violation('https', key, path, line, message)];
    }
    return [];
  });
}
