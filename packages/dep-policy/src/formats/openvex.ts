import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { z } from 'zod';
import { DependencyError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { ScanReport } from '../scan/report.ts';
import { readNamedText } from '../text-file.ts';
import { describeFixState } from './sarif.ts';
import type { VexStatement } from './vex-statement.ts';

/** Bytes accepted in one document. */
const MAX_VEX_BYTES = 16 * 1024 * 1024;

/** Milliseconds that a clock may be slow: a statement of the time to come would count for ever. */
const MAX_CLOCK_ERROR = 86_400_000;

/** Justifications of `not_affected`. @see OpenVEX 0.2.0, status justifications */
const JUSTIFICATIONS = [
  'component_not_present',
  'vulnerable_code_not_present',
  'vulnerable_code_not_in_execute_path',
  'vulnerable_code_cannot_be_controlled_by_adversary',
  'inline_mitigations_already_exist',
] as const;

const productId = z.object({
  '@id': z.string().optional(),
  identifiers: z.object({ purl: z.string().optional() }).optional(),
});

const statementSchema = z
  .object({
    vulnerability: z.object({
      '@id': z.string().optional(),
      name: z.string().min(1),
      aliases: z.array(z.string()).default([]),
    }),
    timestamp: z.iso.datetime({ offset: true }).optional(),
    products: z.array(productId.extend({ subcomponents: z.array(productId).optional() })).default([]),
    status: z.enum(['not_affected', 'affected', 'fixed', 'under_investigation']),
    justification: z.enum(JUSTIFICATIONS).optional(),
    impact_statement: z.string().optional(),
    action_statement: z.string().optional(),
    status_notes: z.string().optional(),
  })
  .refine(
    ({ status, justification, impact_statement: impact = '' }) =>
      status !== 'not_affected' || justification !== undefined || impact.trim() !== '',
    'expected a justification or an impact statement for not_affected, found none',
  );

const documentSchema = z.object({
  '@context': z.string().regex(/^https:\/\/openvex\.dev\/ns(?:\/v0\.\d+\.\d+)?$/, 'expected OpenVEX'),
  author: z.string().min(1),
  timestamp: z.iso.datetime({ offset: true }),
  statements: z.array(statementSchema).max(100_000),
});

/**
 * Reads an OpenVEX document. Who wrote it is not proven: read only documents whose authors you trust with your verdict.
 *
 * @throws {DependencyError} `ERR_DEP_POLICY` if it is not such a document, a `not_affected` has no reason, or a time is
 *   more than a day to come.
 * @see OpenVEX specification 0.2.0
 */
export async function readOpenVex(
  path: string,
  { now = new Date() }: { readonly now?: Date | undefined } = {},
): Promise<readonly VexStatement[]> {
  const name = printable(basename(path));
  let value: unknown;
  try {
    value = JSON.parse(await readNamedText(path, MAX_VEX_BYTES));
  } catch (cause) {
    throw new DependencyError('ERR_DEP_POLICY', `${name}: expected an OpenVEX document, found none`, {
      cause,
    });
  }
  const parsed = documentSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DependencyError(
      'ERR_DEP_POLICY',
      `${name}: ${printable(issue?.path.join('.') ?? '')}: ${issue?.message ?? 'not valid'}`,
      { cause: parsed.error },
    );
  }
  const { author, timestamp, statements } = parsed.data;
  const times = [timestamp, ...statements.map((statement) => statement.timestamp ?? timestamp)];
  if (times.some((time) => Date.parse(time) > now.getTime() + MAX_CLOCK_ERROR)) {
    throw new DependencyError('ERR_DEP_POLICY', `${name}: expected a past timestamp, found one to come`);
  }
  return statements.flatMap((statement) => {
    const said = {
      status: statement.status,
      ids: [statement.vulnerability.name, ...statement.vulnerability.aliases],
      reason: [statement.justification, statement.impact_statement, statement.status_notes]
        .filter(isText)
        .join(': '),
      author,
      time: Date.parse(statement.timestamp ?? timestamp),
    };
    const whole = statement.products.filter(({ subcomponents }) => subcomponents === undefined);
    return [
      { ...said, products: whole.flatMap(namesOf) },
      // With subcomponents the statement is about them, as they are in the product.
      ...statement.products.flatMap(({ subcomponents, ...product }) =>
        subcomponents === undefined
          ? []
          : [{ ...said, products: subcomponents.flatMap(namesOf), within: namesOf(product) }],
      ),
    ].filter(({ products }) => products.length > 0);
  });
}

function namesOf(product: z.output<typeof productId>): string[] {
  return [product['@id'], product.identifiers?.purl].filter(isText);
}

function isText(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

/** What an OpenVEX document says beside the findings. */
export interface OpenVexOptions {
  /** Who answers for the statements. */
  readonly author: string;
  /** Default: the clock. */
  readonly now?: Date | undefined;
  /** Why a finding does not count, by its id. It stays `affected`, with that as what is done about it. */
  readonly excepted?: ReadonlyMap<string, string> | undefined;
}

/**
 * Writes findings as an OpenVEX document, for those who build on the project: `affected` with what to do, or
 * `under_investigation` where it cannot be told.
 *
 * @see OpenVEX specification 0.2.0
 */
export function toOpenVex(
  { findings }: ScanReport,
  { author, now = new Date(), excepted = new Map() }: OpenVexOptions,
): object {
  const statements = findings.map((finding) => {
    const { advisory, ids, purl, state, fix, id, reason } = finding;
    const excuse = excepted.get(id);
    return {
      vulnerability: { name: advisory, aliases: ids.filter((other) => other !== advisory) },
      products: [{ '@id': purl, identifiers: { purl } }],
      ...(state === 'affected'
        ? { status: 'affected', action_statement: excuse ?? describeFixState(fix) }
        : { status: 'under_investigation', ...(reason === undefined ? {} : { status_notes: reason }) }),
    };
  });
  const digest = createHash('sha256').update(JSON.stringify(statements)).digest('hex');
  return {
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': `https://openvex.dev/docs/public/vex-${digest}`,
    author,
    timestamp: now.toISOString(),
    version: 1,
    tooling: 'dep-policy',
    statements,
  };
}
