import { expect, it } from 'vitest';
import * as api from './index.ts';

it('exports what the README describes and nothing else', () => {
  expect(Object.keys(api).sort()).toEqual([
    'DEFAULT_MAX_AGE_IN_DAYS',
    'DEFAULT_REGISTRY',
    'DEP_ERROR_CODES',
    'DependencyError',
    'Dependents',
    'ECOSYSTEMS',
    'EVENT_KINDS',
    'EXIT_CODES',
    'FOCUS_PRESETS',
    'LOCK_FORMATS',
    'PRIORITIES',
    'RATINGS',
    'RULES',
    'SCOPES',
    'buildAdvisoryIndex',
    'checkDependencies',
    'compareVersions',
    'explainFinding',
    'focusClosure',
    'matchAdvisory',
    'normalizeName',
    'npmBulk',
    'openAdvisories',
    'openAdvisoryIndex',
    'osvApi',
    'packageUrl',
    'parseOsvRecord',
    'readLockfile',
    'scanDependencies',
    'scanGraphs',
    'smallestSafeVersion',
  ]);
});
