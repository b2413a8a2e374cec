import { writeFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { z } from 'zod';
import { ModelError } from '../errors.ts';
import { inspectModel, type ModelReport } from '../formats/inspect-model.ts';
import { checkLockPath } from '../lock/path.ts';
import { contract as contractSchema } from '../lock/schema.ts';
import { checkContract, contractOf, type OnnxContract } from '../onnx/contract.ts';
import { diffGraph, type GraphDiff } from '../onnx/diff.ts';
import { inspectOnnx, type InspectOnnxOptions } from '../onnx/inspect.ts';
import { DEFAULT_ONNX_LIMITS } from '../onnx/limits.ts';
import { ONNX_PROFILES, type OnnxProfileName } from '../onnx/profile.ts';
import type { OnnxReport } from '../onnx/report.ts';
import type { OnnxValue } from '../onnx/value-type.ts';
import { readOnce, statOnce } from '../regular-file.ts';
import { parseStrictJson } from '../strict-json.ts';
import { verdictOf, type Reason } from '../verdict.ts';
import type { CommandLine } from './command-line.ts';
import { count } from './console.ts';
import { UsageError } from './exit.ts';
import { readNamedFile } from './named-file.ts';
import { orRefused, printVerdict } from './print-verdict.ts';

/** As a whole lock. */
const MAX_CONTRACT_BYTES = 1024 * 1024;

interface InspectFlags {
  readonly profile: string;
  readonly contract?: string;
  readonly writeContract?: string;
  readonly before?: string;
  readonly json: boolean;
}

/** What is shown of a file: its report, and how its graph differs from an older one if that was asked for. */
type Evidence = ModelReport & { readonly diff?: GraphDiff };

/** `inspect <file>`: says what a model is made of, without loading it. */
export function addInspectCommand({ program, console, end }: CommandLine): void {
  program
    .command('inspect')
    .description('say what a model is made of, and what speaks against loading it; nothing is loaded')
    .argument('<file>', 'ONNX, safetensors or MXNet .params')
    .option(
      '--profile <name>',
      `what ONNX may be made of: ${Object.keys(ONNX_PROFILES).join(', ')}`,
      'strict',
    )
    .option('--contract <file>', 'hold an ONNX graph against this contract')
    .option('--write-contract <file>', 'write the contract that an ONNX graph fulfils; never over a file')
    .option('--before <model>', 'name what differs from the graph of this older model')
    .option('--json', 'the verdict, with the report as its evidence, as one JSON document', false)
    .action(async (path: string, flags: InspectFlags) => {
      const profile = parseProfile(flags.profile);
      const contract = flags.contract === undefined ? undefined : await readContract(flags.contract);
      const verdict = await orRefused(async () => {
        const bytes = await readModel(path);
        const report = await inspectFile(path, bytes, profile);
        const asked = flags.contract ?? flags.writeContract ?? flags.before;
        if (report.format !== 'onnx') {
          if (asked !== undefined)
            throw new UsageError('expected an ONNX model for a contract or a comparison');
          return verdictOf<Evidence>([], report);
        }
        const broken = contract === undefined ? [] : checkContract(report, contract);
        const diff = flags.before === undefined ? undefined : diffGraph(await readModel(flags.before), bytes);
        if (flags.writeContract !== undefined) await writeContract(flags.writeContract, report);
        const reasons: readonly Reason[] = [...report.violations, ...broken];
        return verdictOf<Evidence>(reasons, { ...report, ...(diff !== undefined && { diff }) });
      });
      end(
        printVerdict(console, basename(path), verdict, flags.json, (evidence) =>
          evidence === null ? [] : describe(evidence),
        ),
      );
    });
}

function parseProfile(name: string): OnnxProfileName {
  if (Object.hasOwn(ONNX_PROFILES, name)) return name as OnnxProfileName;
  throw new UsageError(`expected --profile to be one of ${Object.keys(ONNX_PROFILES).join(', ')}`);
}

async function readModel(path: string): Promise<Uint8Array> {
  const full = resolve(path);
  try {
    const { data } = await readOnce(dirname(full), basename(full), {
      maxBytes: DEFAULT_ONNX_LIMITS.maxBytes,
    });
    return data;
  } catch (error) {
    // To whoever named the file, one that is not there, or no file, is one that cannot be read.
    const isNone =
      error instanceof ModelError && ['ERR_MODEL_MISSING', 'ERR_MODEL_LINK'].includes(error.code);
    if (!isNone) throw error;
    throw new ModelError('ERR_MODEL_UNREADABLE', error.message, { cause: error });
  }
}

/** Inspects a file; the sizes of the external files that an ONNX model names are looked up beside it. */
async function inspectFile(path: string, bytes: Uint8Array, profile: OnnxProfileName): Promise<ModelReport> {
  const report = inspectModel(bytes, basename(path), { profile });
  if (report.format !== 'onnx' || report.externalData.length === 0) return report;
  const externalFiles = new Map<string, number>();
  for (const { location } of report.externalData) {
    if (externalFiles.has(location)) continue;
    try {
      checkLockPath(location, 'location');
      externalFiles.set(location, Number((await statOnce(dirname(resolve(path)), location)).size));
    } catch (error) {
      // A place that is not sound, or a file that is not there, stays unlisted: the report says so.
      if (!(error instanceof ModelError)) throw error;
    }
  }
  const options: InspectOnnxOptions = { profile, externalFiles };
  return inspectOnnx(bytes, options);
}

async function readContract(path: string): Promise<OnnxContract> {
  try {
    return contractSchema.parse(parseStrictJson((await readNamedFile(path, MAX_CONTRACT_BYTES)).toString()));
  } catch (cause) {
    const found =
      cause instanceof z.ZodError ? `another: ${z.prettifyError(cause)}` : 'none that can be read';
    throw new ModelError('ERR_MODEL_LOCK', `expected --contract to be a contract, found ${found}`, { cause });
  }
}

async function writeContract(path: string, report: OnnxReport): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(contractOf(report), null, 2)}\n`, { flag: 'wx' });
  } catch (cause) {
    throw new UsageError('expected --write-contract to be a new file that can be written', { cause });
  }
}

function describe(evidence: Evidence): readonly string[] {
  if (evidence.format !== 'onnx') {
    const { format, bytes, parameters } = evidence;
    return [
      `format      ${format}, ${count(bytes)} bytes`,
      `parameters  ${count(parameters.tensors)} tensors, ${count(parameters.bytes)} bytes`,
    ];
  }
  const { producer, parameters, counts, externalData } = evidence;
  const operators = [...evidence.operators].sort((a, b) => b.count - a.count);
  return [
    `format      ONNX, IR version ${evidence.irVersion}, ${count(evidence.bytes)} bytes, by ${`${producer.name} ${producer.version}`.trim() || 'nobody named'}`,
    `opsets      ${evidence.opsets.map(({ domain, version }) => `${domain} ${version}`).join(', ')}`,
    ...evidence.inputs.map((value) => `input       ${describeValue(value)}`),
    ...evidence.outputs.map((value) => `output      ${describeValue(value)}`),
    `nodes       ${count(counts.nodes)} in ${count(counts.graphs)} graphs, ${count(evidence.functions)} functions`,
    `operators   ${operators.map((use) => `${use.domain === 'ai.onnx' ? '' : `${use.domain}.`}${use.type} ${count(use.count)}`).join(', ')}`,
    `parameters  ${count(parameters.tensors)} tensors, ${count(parameters.bytes)} bytes; constants make ${count(evidence.constantBytes)} more`,
    ...(externalData.length === 0
      ? []
      : [`external    ${count(externalData.length)} tensors in other files`]),
    `fingerprint ${evidence.graphFingerprint}`,
    ...(evidence.violationsOmitted === 0 ? [] : [`and ${count(evidence.violationsOmitted)} violations more`]),
    ...(evidence.diff === undefined ? [] : describeDiff(evidence.diff)),
  ];
}

function describeValue({ name, type, dims }: OnnxValue): string {
  return `${name}  ${type} ${dims === null ? 'of any dims' : `[${dims.map((dim) => dim ?? '?').join(', ')}]`}`;
}

function describeDiff({ isSame, changes }: GraphDiff): readonly string[] {
  if (isSame) return ['diff        the graph is the same'];
  return changes.map(({ change, kind, name, operator, path }) => {
    const what = operator === undefined ? kind : `${operator} node`;
    return `${change.padEnd(11)} ${what} ${name}  (${path})`;
  });
}
