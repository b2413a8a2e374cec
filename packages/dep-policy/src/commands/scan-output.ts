import { withoutVersion } from '../formats/vex-statement.ts';
import type { VexStatement } from '../formats/vex-statement.ts';
import type { DependencyGraph } from '../graph/dependency-graph.ts';
import { isObject, listMember, textMember } from '../json-value.ts';
import type { Judgement } from '../policy-file/judgement.ts';
import type { LoadedPolicy } from '../policy-file/policy-file.ts';
import { printable } from '../printable.ts';
import type { Finding } from '../scan/finding.ts';
import type { ScanReport } from '../scan/report.ts';
import { readNamedText } from '../text-file.ts';
import type { Violation } from '../violation.ts';
import { MAX_REPORT_BYTES, UsageError } from './console.ts';
import { describeScan } from './describe-scan.ts';

/** Flags that say in which form a report is printed: at most one of them. */
export interface OutputFlags {
  readonly json?: boolean;
  readonly sarif?: boolean;
  readonly markdown?: boolean;
  readonly cyclonedx?: boolean;
  /** The author of the statements. */
  readonly openvex?: string;
}

/** What there is to print. */
export interface Printed {
  readonly graphs: readonly DependencyGraph[];
  readonly report: ScanReport;
  readonly judgement: Judgement;
  readonly violations?: readonly Violation[];
  /** Package URLs of the project. */
  readonly products?: readonly string[];
}

/** The report of a base, as far as it is looked at. */
interface Base {
  readonly findings: readonly Finding[];
  readonly products: readonly string[];
}

/** @throws {UsageError} if two forms are asked for. */
export function checkOutputFlags({ json, sarif, markdown, cyclonedx, openvex }: OutputFlags): void {
  const asked = [json, sarif, markdown, cyclonedx, openvex !== undefined].filter((flag) => flag === true);
  if (asked.length > 1) {
    throw new UsageError(
      'expected one of --json, --sarif, --markdown, --cyclonedx, --openvex, found several',
    );
  }
}

/** A report in the form that was asked for. The code of the other forms is not loaded. */
export async function formatScan(flags: OutputFlags, printed: Printed): Promise<string> {
  const { graphs, report, judgement, products = [] } = printed;
  const violations = [...(printed.violations ?? []), ...judgement.violations];
  const { excepted } = judgement;
  if (flags.sarif === true) {
    const { toSarif } = await import('../formats/sarif.ts');
    return JSON.stringify(toSarif({ report, violations, excepted }), undefined, 2);
  }
  if (flags.markdown === true) {
    const { toMarkdown } = await import('../formats/markdown.ts');
    return toMarkdown({ ...report, verdict: judgement.verdict }, violations);
  }
  if (flags.cyclonedx === true) {
    const { toCycloneDx } = await import('../formats/cyclonedx.ts');
    return JSON.stringify(toCycloneDx(graphs, report, excepted), undefined, 2);
  }
  if (flags.openvex !== undefined) {
    const { toOpenVex } = await import('../formats/openvex.ts');
    return JSON.stringify(toOpenVex(report, { author: flags.openvex, excepted }), undefined, 2);
  }
  const { verdict, exitCode, failing } = judgement;
  if (flags.json === true) {
    return JSON.stringify(
      {
        ...report,
        ...(products.length === 0 ? {} : { products }),
        verdict,
        exitCode,
        failing: failing.map(({ id }) => id),
        excepted: Object.fromEntries(excepted),
        violations,
      },
      undefined,
      2,
    );
  }
  return [
    describeScan({ ...report, verdict }),
    ...[...excepted].map(([id, reason]) => `excepted: ${printable(id, 300)}: ${printable(reason, 300)}`),
    ...violations.map(describeViolation),
  ].join('\n');
}

/** A violation as one line. Its foreign text is printable already. */
export function describeViolation({ rule, file, line, package: subject, message }: Violation): string {
  return `${file}${line === undefined ? '' : `:${line}`} ${rule} ${subject}: ${message}`;
}

/** Reads the documents of VEX that the command line and the policy name. @throws {DependencyError} `ERR_DEP_POLICY` */
export async function readVex(
  paths: readonly string[],
  policy: LoadedPolicy | undefined,
): Promise<readonly VexStatement[]> {
  const documents = [...paths, ...(policy?.policy.vex ?? [])];
  if (documents.length === 0) return [];
  const { readOpenVex } = await import('../formats/openvex.ts');
  const statements: VexStatement[] = [];
  for (const path of documents) statements.push(...(await readOpenVex(path)));
  return statements;
}

/** Reads the report of a base. Only what the comparison looks at is checked. @throws {UsageError} */
export async function readBase(path: string | undefined): Promise<Base | undefined> {
  if (path === undefined) return undefined;
  let report: unknown;
  try {
    report = JSON.parse(await readNamedText(path, MAX_REPORT_BYTES));
  } catch (cause) {
    throw new UsageError('expected --base to be what scan --json has printed, found another file', { cause });
  }
  if (!isObject(report) || !Array.isArray(report['findings'])) {
    throw new UsageError('expected --base to be what scan --json has printed, found another document');
  }
  const findings = listMember(report, 'findings');
  const isFinding = (one: unknown): one is Finding =>
    isObject(one) &&
    ['id', 'ecosystem', 'package', 'state'].every((key) => textMember(one, key) !== undefined) &&
    listMember(one, 'ids').every((id) => typeof id === 'string');
  if (!findings.every(isFinding)) {
    throw new UsageError('expected --base to be what scan --json has printed, found other findings');
  }
  const products = listMember(report, 'products').filter((one) => typeof one === 'string');
  return { findings, products };
}

/** @throws {UsageError} if a base and the project both say what they are, and it is not the same in any version. */
export function checkBase(base: Base | undefined, products: readonly string[]): void {
  if (base === undefined || base.products.length === 0 || products.length === 0) return;
  const own = new Set(products.map(withoutVersion));
  if (!base.products.some((product) => own.has(withoutVersion(product)))) {
    throw new UsageError('expected --base to be a report of this project, found one of another');
  }
}
