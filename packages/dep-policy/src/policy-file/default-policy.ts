import type { PolicyFile } from './policy-schema.ts';

/** Days that an exception may last at most. */
export const MAX_EXCEPTION_DAYS = 90;

/** What holds where no policy file is: every default of the schema, which need not be loaded for it. */
export function defaultPolicy(): PolicyFile {
  return {
    version: 1,
    focus: [],
    advisories: { maxAgeInDays: 7 },
    gates: { runtime: 'low', peer: 'low', optional: 'low', dev: 'low', focus: 'low' },
    pins: { direct: 'exact', focus: 'exact', hashes: true },
    registries: {
      npm: ['https://registry.npmjs.org/'],
      pypi: ['https://pypi.org/simple/', 'https://files.pythonhosted.org/'],
    },
    installScripts: [],
    cooldown: { days: 7, securityMayPass: true },
    sla: { critical: 7, high: 30, medium: 90, low: 180, unknown: 30 },
    exceptions: [],
    vex: [],
    products: [],
  };
}
