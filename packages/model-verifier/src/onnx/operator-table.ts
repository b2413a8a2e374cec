import { prepareText } from './canonical-hash.ts';
import type { Inspection } from './inspection.ts';
import { NameTable } from './name-table.ts';
import { CONTROL_FLOW } from './operators.ts';
import { SIZE_RULES } from './operator-sizes.ts';
import type { SizeRule } from './size-rule.ts';
import type { OnnxProfile } from './profile.ts';
import { quoted } from './violation.ts';

/** The default domain under the name that reports and profiles give it. */
export const DEFAULT_DOMAIN = 'ai.onnx';

/** One spelling per domain: the default one may be left empty. */
export function domainName(text: string): string {
  return text === '' ? DEFAULT_DOMAIN : text;
}

/** An operator, or function of the model, that some node names. */
export interface OperatorUse {
  readonly domain: string;
  readonly type: string;
  /** Domain and type as a fingerprint takes them. */
  readonly canonical: Uint8Array;
  /** Nodes that name it. */
  count: number;
  /** What it makes of constants; `undefined` where nothing is known. */
  readonly sizeRule: SizeRule | undefined;
  /** Whether something is known of what it makes even where nothing is known of its inputs. */
  readonly speaksAlone: boolean;
  /** Whether the model defines functions under this name. */
  readonly hasFunctions: boolean;
  /** Whether the first node of it has been held against the profile. */
  isChecked: boolean;
  /** Imports that were found to have its domain: the last ones asked. */
  importedBy: ReadonlyMap<string, number> | undefined;
}

/** Operators of which something is known even where nothing is known of their inputs. */
const SPEAK_ALONE: ReadonlySet<string> = new Set([
  'Constant',
  'RandomNormal',
  'RandomUniform',
  'Pad',
  'Upsample',
  'Shape',
  'Size',
]);

/** Different operators that one model may name: the standard has 220. */
const MAX_OPERATORS = 10_000;

/** Every operator that the nodes name, found without decoding a name twice. */
export class OperatorTable {
  readonly uses: OperatorUse[] = [];
  readonly #inspection: Inspection;
  readonly #allowed: ReadonlyMap<string, ReadonlySet<string>>;
  /** `domain\0name` of every function of the model. */
  readonly #functions: ReadonlySet<string>;
  readonly #defaultTypes: NameTable;
  readonly #defaultUses: OperatorUse[] = [];
  readonly #others = new Map<string, OperatorUse>();

  constructor(inspection: Inspection, functions: ReadonlySet<string>) {
    this.#inspection = inspection;
    this.#functions = functions;
    this.#defaultTypes = new NameTable(inspection.bytes);
    this.#allowed = new Map(
      Object.entries(inspection.profile.operators).map(([domain, types]) => [domain, new Set(types)]),
    );
  }

  /** The operator named by a domain and a type that stand at these places, counted once more. */
  use(domainStart: number, domainEnd: number, typeStart: number, typeEnd: number): OperatorUse {
    if (domainStart === domainEnd) {
      const id = this.#defaultTypes.find(typeStart, typeEnd);
      if (id !== -1) {
        const found = this.#defaultUses[id]!;
        found.count++;
        return found;
      }
      this.#defaultTypes.add(typeStart, typeEnd);
      const made = this.#make(DEFAULT_DOMAIN, this.#inspection.text(typeStart, typeEnd));
      this.#defaultUses.push(made);
      return made;
    }
    const domain = domainName(this.#inspection.text(domainStart, domainEnd));
    const type = this.#inspection.text(typeStart, typeEnd);
    const key = `${domain}\0${type}`;
    const found = this.#others.get(key);
    if (found !== undefined) {
      found.count++;
      return found;
    }
    const made = this.#make(domain, type);
    this.#others.set(key, made);
    return made;
  }

  /** Holds an operator that is no function against the profile, once. */
  check(use: OperatorUse, path: string): void {
    use.isChecked = true;
    const { violations, profile } = this.#inspection;
    if (this.#allowed.get(use.domain)?.has(use.type) === true) return;
    const name = `${quoted(use.type)} of ${quoted(use.domain)}`;
    if (use.domain === DEFAULT_DOMAIN && CONTROL_FLOW.includes(use.type)) {
      violations.add(
        'control-flow-forbidden',
        path,
        `expected no control flow by ${profile.name}, found ${name}`,
      );
    } else {
      violations.add(
        'operator-forbidden',
        path,
        `expected an operator of profile ${profile.name}, found ${name}`,
      );
    }
  }

  #make(domain: string, type: string): OperatorUse {
    const use: OperatorUse = {
      domain,
      type,
      canonical: prepareText(domain, type),
      count: 1,
      sizeRule: domain === DEFAULT_DOMAIN ? SIZE_RULES.get(type) : undefined,
      speaksAlone: domain === DEFAULT_DOMAIN && SPEAK_ALONE.has(type),
      hasFunctions: this.#functions.has(`${domain}\0${type}`),
      isChecked: false,
      importedBy: undefined,
    };
    if (this.uses.length < MAX_OPERATORS) this.uses.push(use);
    else
      this.#inspection.violations.add(
        'operator-forbidden',
        'model',
        `expected at most ${MAX_OPERATORS} operators`,
      );
    return use;
  }
}

/** Whether an operator of the default domain carries graphs, so that no session computes it in advance. */
export function isControlFlow({ domain, type }: OperatorUse): boolean {
  return domain === DEFAULT_DOMAIN && CONTROL_FLOW.includes(type);
}

/** The versions that a profile accepts of a domain. */
export function opsetRange(profile: OnnxProfile, domain: string): readonly [number, number] | undefined {
  return Object.hasOwn(profile.opsets, domain) ? profile.opsets[domain] : undefined;
}
