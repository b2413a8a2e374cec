import type { Inspection } from './inspection.ts';
import { elementsAtLeast, OPAQUE, type KnownValue } from './known-value.ts';
import { OperatorCall } from './operator-call.ts';
import { sameAsFirst } from './element-rules.ts';
import { isControlFlow, type OperatorUse } from './operator-table.ts';
import type { NodePlaces } from './node-places.ts';
import { knowsAnything, lookUp, type Scope } from './scope.ts';

/** How many times what it is given an operator may make while running before the size alone is looked at. */
const MAX_GROWTH = 4;

/**
 * What a runtime would allocate for constant expressions when it creates a session: a model of 137 bytes can ask for
 * gigabytes.
 */
export class LoadCost {
  /** Bytes that constants make of themselves. */
  constantBytes = 0;
  readonly #inspection: Inspection;
  /** Handed out where one output is as wide as the first input. */
  readonly #same: (KnownValue | undefined)[] = [undefined];

  constructor(inspection: Inspection) {
    this.#inspection = inspection;
  }

  /** Refuses a sum that is too large; for the end of the walk. */
  check(): void {
    const { limits, violations } = this.#inspection;
    if (this.constantBytes <= limits.maxConstantBytes) return;
    const message = `expected constants to make at most ${limits.maxConstantBytes} bytes of themselves, found ${this.constantBytes}`;
    violations.add('allocation-total', 'graph', message);
  }

  /** What is known of the outputs of a node. */
  evaluate(
    scope: Scope,
    use: OperatorUse,
    callee: number,
    { ins, outs, attributes }: NodePlaces,
    path: () => string,
  ): readonly (KnownValue | undefined)[] | undefined {
    if (!use.speaksAlone && !knowsAnything(scope)) return undefined;
    // The most common case by far, and the cheapest: as wide as what it is given, and made while running.
    if (use.sizeRule === sameAsFirst && callee === -1 && ins.count > 0 && ins.ids[0] !== -1) {
      const first = scope.known[ins.ids[0]!];
      if (first?.isConstant === false && first.values === undefined) {
        this.#same[0] = first;
        return this.#same;
      }
    }
    const inputs: (KnownValue | undefined)[] = [];
    let isKnown = false;
    let isConstant = false;
    let isRunning = false;
    for (let index = 0; index < ins.count; index++) {
      const start = ins.at[index * 2]!;
      const end = ins.at[index * 2 + 1]!;
      const id = ins.ids[index]!;
      const value = id !== -1 ? scope.known[id] : start === end ? undefined : lookUp(scope, start, end);
      isKnown ||= value !== undefined;
      if (value?.isConstant === true) isConstant = true;
      else if (start !== end) isRunning = true;
      inputs.push(value);
    }
    if (!isKnown && !use.speaksAlone) return undefined;
    isConstant &&= !isRunning;
    const outputs = outs.count;
    if (use.sizeRule === undefined || callee !== -1) {
      if (!isConstant || isControlFlow(use)) return undefined;
      // What a function is given is taken for a constant without knowing: there only rules speak.
      if (callee === -1 && scope.owner === -1) this.#refuseUnbounded(path());
      return Array.from({ length: outputs }, () => OPAQUE);
    }
    const call = new OperatorCall(
      this.#inspection,
      scope.opsets.get(use.domain) ?? 0,
      inputs,
      outputs,
      attributes,
      isConstant,
      '',
      ins,
    );
    const results = use.sizeRule(call);
    if (call.isUnbounded) this.#refuseUnbounded(path());
    // The tensor of a Constant is counted as a parameter, unless it has to be made dense.
    if (use.type !== 'Constant' || call.isMade)
      for (const value of results)
        if (value !== undefined && isMore(value, inputs)) this.account(value, path);
    if (!isConstant || (results.length >= outputs && !results.includes(undefined))) return results;
    // Further outputs are constants as well, no larger than the first: none may fix a size unseen.
    return Array.from({ length: outputs }, (_, index) => results[index] ?? OPAQUE);
  }

  #refuseUnbounded(path: string): void {
    const message = 'expected the size of a constant to follow from the model, found one that is not bounded';
    this.#inspection.violations.add('allocation-unknown', path, message);
  }

  /** Counts what a value takes, and refuses it if that alone is too much. */
  account(value: KnownValue, path: string | (() => string)): void {
    const elements = elementsAtLeast(value);
    if (elements === undefined) return;
    const length = Math.ceil((elements * value.bits) / 8);
    const { limits, violations } = this.#inspection;
    if (length > limits.maxTensorBytes) {
      const found = Number.isFinite(length) ? String(length) : 'more than can be counted';
      const where = typeof path === 'string' ? path : path();
      violations.add(
        'allocation-size',
        where,
        `expected at most ${limits.maxTensorBytes} bytes, found ${found}`,
      );
    }
    if (value.isConstant && Number.isFinite(length)) this.constantBytes += length;
  }
}

/** Whether a value counts: every constant, and of what is made while running only what its operator blows up. */
function isMore(value: KnownValue, inputs: readonly (KnownValue | undefined)[]): boolean {
  if (value.isConstant) return true;
  const given = inputs.reduce(
    (total, input) => total + (input === undefined ? 0 : (elementsAtLeast(input) ?? 0)),
    0,
  );
  return (elementsAtLeast(value) ?? 0) > MAX_GROWTH * given;
}
