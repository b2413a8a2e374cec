import { compareSeverity } from '../advisories/severity.ts';
import { SCOPES } from '../graph/dependency-graph.ts';
import type { Finding, Priority } from './finding.ts';

/** From this probability of exploitation within 30 days on, severity does not matter any more. */
const LIKELY_EXPLOITED = 0.5;

/** The order of work, as the table of priorities has it. */
export function priorityOf(
  finding: Pick<Finding, 'state' | 'severity' | 'isMalware' | 'scope' | 'kev' | 'epss'>,
): Priority {
  const { state, severity, isMalware, scope, kev, epss } = finding;
  if (kev !== undefined || (isMalware && state === 'affected')) return 1;
  if (epss !== undefined && epss.probability >= LIKELY_EXPLOITED) return 3;
  const isRuntime = scope === 'runtime' || scope === 'peer';
  if (state === 'unevaluable') return isRuntime ? 4 : 5;
  switch (severity.rating) {
    case 'critical':
      return isRuntime ? 2 : 4;
    case 'high':
    case 'unknown':
      return isRuntime ? 3 : 4;
    case 'medium':
      return isRuntime ? 4 : 5;
    default:
      return 5;
  }
}

/** The order of a report: focus first, then by priority, and inside of one what is closest to being exploited. */
export function compareFindings(a: Finding, b: Finding): number {
  return (
    Number(b.focus.length > 0) - Number(a.focus.length > 0) ||
    a.priority - b.priority ||
    SCOPES.indexOf(a.scope) - SCOPES.indexOf(b.scope) ||
    (b.epss?.probability ?? 0) - (a.epss?.probability ?? 0) ||
    compareSeverity(b.severity, a.severity) ||
    Number(b.isDirect) - Number(a.isDirect) ||
    compareText(a.package, b.package) ||
    compareText(a.id, b.id)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
