import type { OnnxOpset, OnnxReport } from './report.ts';
import type { OnnxValue } from './value-type.ts';
import { quoted, type OnnxViolation } from './violation.ts';

/** What a model was when it was reviewed: plain JSON, for a lock. Weights may change under it, the graph may not. */
export interface OnnxContract {
  readonly opsets: readonly OnnxOpset[];
  /** In the order of the model. */
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Operators by name, sorted: `Conv` of the default domain, `com.example.Other` of another. */
  readonly operators: readonly string[];
  /** `graphFingerprint` of the report. */
  readonly fingerprint: string;
}

/** The contract that a model's report fulfils. */
export function contractOf(report: OnnxReport): OnnxContract {
  return {
    opsets: report.opsets.map(({ domain, version }) => ({ domain, version })),
    inputs: report.inputs.map(copyValue),
    outputs: report.outputs.map(copyValue),
    operators: report.operators
      .map(({ domain, type }) => (domain === 'ai.onnx' ? type : `${domain}.${type}`))
      .sort(),
    fingerprint: report.graphFingerprint,
  };
}

function copyValue({ name, type, dims }: OnnxValue): OnnxValue {
  return { name, type, dims: dims === null ? null : [...dims] };
}

/**
 * Holds a model against the contract it was reviewed under.
 *
 * @returns Every difference as a violation with a `contract-…` code; empty if the model is as it was.
 */
export function checkContract(report: OnnxReport, contract: OnnxContract): readonly OnnxViolation[] {
  const found = contractOf(report);
  const violations: OnnxViolation[] = [];
  const add = (code: OnnxViolation['code'], path: string, expected: string, actual: string): void => {
    violations.push({ code, path, message: `expected ${expected}, found ${actual}` });
  };

  const versions = new Map(found.opsets.map(({ domain, version }) => [domain, version]));
  for (const { domain, version } of contract.opsets) {
    const actual = versions.get(domain);
    if (actual !== version)
      add(
        'contract-opset',
        `model/opset_import ${quoted(domain)}`,
        `version ${version}`,
        `${actual ?? 'none'}`,
      );
    versions.delete(domain);
  }
  for (const domain of versions.keys())
    add('contract-opset', `model/opset_import ${quoted(domain)}`, 'none', 'one');

  for (const kind of ['input', 'output'] as const) {
    const [expected, actual] = [contract[`${kind}s`], found[`${kind}s`]];
    for (let index = 0; index < Math.max(expected.length, actual.length); index++) {
      const [a, b] = [describe(expected[index]), describe(actual[index])];
      if (a !== b) add(`contract-${kind}`, `graph/${kind}[${index}]`, a, b);
    }
  }

  const [before, after] = [new Set(contract.operators), new Set(found.operators)];
  for (const name of after)
    if (!before.has(name)) add('contract-operator', 'graph', 'no other operator', quoted(name));
  for (const name of before) if (!after.has(name)) add('contract-operator', 'graph', quoted(name), 'none');

  if (contract.fingerprint !== found.fingerprint) {
    add('contract-fingerprint', 'graph', contract.fingerprint, found.fingerprint);
  }
  return violations;
}

/** One line per value, equal if and only if the values are. */
function describe(value: OnnxValue | undefined): string {
  if (value === undefined) return 'none';
  const dims = value.dims === null ? 'any' : JSON.stringify(value.dims);
  return `${JSON.stringify(value.name)} ${value.type} ${dims}`.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}
