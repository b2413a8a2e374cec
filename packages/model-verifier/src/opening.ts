import { createHash } from 'node:crypto';
import { ModelError } from './errors.ts';
import type { Journal } from './journal/journal.ts';
import { loadStatement, verificationStatement } from './journal/statement.ts';
import { missingModel, otherBytes } from './lock/check.ts';
import type { LockedFile, LockedModel } from './lock/document.ts';
import { firstComponent, folderOf } from './lock/path.ts';
import { rootDigest, type ModelLock } from './lock/lock.ts';
import { checkFolder } from './model-folder.ts';
import { parseMoment } from './moment.ts';
import type { Signer, Trust } from './oms/trust.ts';
import { checkGraph, isOtherFormat } from './policy/check-graph.ts';
import { checkPolicy, refusal, signerRuleOf } from './policy/check-policy.ts';
import { checkRevocation } from './policy/check-revocation.ts';
import { checkSigners, type DigestedFile } from './policy/check-signers.ts';
import type { VerifierPolicy } from './policy/document.ts';
import { checkPolicyShape } from './policy/policy.ts';
import type { RevocationList } from './revocation/revocation.ts';
import { reasonsOf, type Reason } from './verdict.ts';

/** What a model is held against when it is opened, beside the lock. */
export interface OpenModelOptions {
  /** What the team allows. Default: what the lock lists is allowed. */
  readonly policy?: VerifierPolicy;
  /** Whose signatures count; with it, a model must be signed. Needed where the lock or the policy asks for signers. */
  readonly trust?: Trust | readonly Trust[];
  /** What must not be used any more. */
  readonly revocation?: RevocationList;
  /** Where verification and load are written down, before the model is handed over. */
  readonly journal?: Journal;
  /** The time to judge certificates and the revocation list by. Default: now. */
  readonly at?: Date;
}

/** What was verified, for a receipt or a journal. Plain JSON, without the bytes. */
export interface ModelEvidence {
  /** Key in the lock. */
  readonly name: string;
  /** `sha256:<hex>` of the model file. */
  readonly digest: string;
  /** `sha256:<hex>` over the raw digests of all files, in lock order. */
  readonly rootDigest: string;
  /** Every file, in lock order; `sha256` in hexadecimal digits. */
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
  /** As the lock says. */
  readonly source: LockedModel['source'];
  /** SPDX licence expression, as the lock says. */
  readonly licence: string;
  /** `sha256:<hex>` of the lock that said so. */
  readonly lockDigest: string;
  /** Who signed; present if signatures were verified. */
  readonly signers?: readonly Signer[];
  /** `sha256:<hex>` of the policy as JSON; present if there was one. */
  readonly policyDigest?: string;
  /** `sha256:<hex>` of the revocation list; present if there was one. */
  readonly revocationDigest?: string;
  /** When the last byte had been verified, ISO 8601, UTC. */
  readonly verifiedAt: string;
}

/** A model that nothing speaks against. */
export interface OpenedModel<File extends DigestedFile> {
  readonly model: LockedModel;
  readonly files: readonly File[];
  readonly evidence: ModelEvidence;
}

/** How one way of opening reads a file: it answers with the file as the lock has it, or throws. */
export type ReadFile<File extends DigestedFile> = (
  root: string,
  file: LockedFile,
  wantsBytes: boolean,
) => Promise<File>;

/**
 * Opens a model: policy first, then every file once, then signatures, graph and revocation, then the journal.
 *
 * @param mode - What the journal says that was handed over.
 * @throws {ModelError} With every reason that was found in `reasons`.
 */
export async function openModel<File extends DigestedFile>(
  lock: ModelLock,
  name: string,
  mode: 'bytes' | 'path',
  options: OpenModelOptions,
  read: ReadFile<File>,
): Promise<OpenedModel<File>> {
  if (options.policy !== undefined) checkPolicyShape(options.policy);
  parseMoment(options.at);
  const { models, candidates = {} } = lock.document;
  const model = Object.hasOwn(models, name) ? models[name] : undefined;
  if (model === undefined) throw missingModel(name, Object.hasOwn(candidates, name));
  try {
    const opened = await verify(lock, name, model, options, read);
    await journalize(lock, name, model, mode, options, [], opened.evidence.signers);
    return opened;
  } catch (error) {
    const reasons = reasonsOf(error);
    // What the journal itself refuses cannot be written to it.
    if (!(error instanceof ModelError && ['ERR_MODEL_JOURNAL', 'ERR_MODEL_BUSY'].includes(error.code))) {
      await journalize(lock, name, model, mode, options, reasons).catch((journalError: unknown) => {
        throw refusal(name, [...reasons, ...reasonsOf(journalError)]);
      });
    }
    throw error;
  }
}

async function verify<File extends DigestedFile>(
  lock: ModelLock,
  name: string,
  model: LockedModel,
  options: OpenModelOptions,
  read: ReadFile<File>,
): Promise<OpenedModel<File>> {
  const { policy, trust = [], revocation, journal, at = new Date() } = options;
  const before = [
    ...(policy === undefined ? [] : checkPolicy(name, model, policy)),
    ...needsJournal(policy, journal),
  ];
  if (before.length > 0) throw refusal(name, before);

  const main = mainFile(model);
  // The whole lock, not this model alone: two models may live in one folder.
  const listed = new Set(
    Object.values(lock.document.models).flatMap(({ files }) => files.map(({ path }) => path)),
  );
  await checkFolder(lock.root, firstComponent(main.path), listed);
  const inspects = policy?.onnx !== undefined || model.onnx !== undefined;
  const files: File[] = [];
  for (const file of model.files) {
    const wantsBytes = file.role === 'signature' || (inspects && file === main);
    files.push(await read(lock.root, file, wantsBytes));
  }

  const rule = policy === undefined ? undefined : signerRuleOf(name, model, policy);
  const policies = [model.signers, rule].filter((one) => one !== undefined);
  const { signers, reasons } = await checkSigners(files, policies, [trust].flat(), at);
  const digests = [...model.files.map(({ sha256 }) => `sha256:${sha256}`), rootDigest(model.files)];
  const after = [
    ...reasons,
    ...(inspects ? checkMainGraph(model, files, policy) : []),
    ...checkRevocation(revocation, { digests, signers }, policy ?? { policyVersion: 1 }, at),
  ];
  if (after.length > 0) throw refusal(name, after);
  const judged = policies.length > 0 || [trust].flat().length > 0;
  return { model, files, evidence: evidenceOf(lock, name, model, options, judged ? signers : undefined) };
}

function needsJournal(policy: VerifierPolicy | undefined, journal: Journal | undefined): readonly Reason[] {
  if (policy?.requireJournal !== true || journal !== undefined) return [];
  return [{ code: 'ERR_MODEL_JOURNAL', message: 'the policy asks for a journal, and none was given' }];
}

function checkMainGraph(
  model: LockedModel,
  files: readonly DigestedFile[],
  policy: VerifierPolicy | undefined,
): readonly Reason[] {
  const main = mainFile(model);
  const { data, start = data } = files.find(({ path }) => path === main.path)!;
  // A contract says that it is ONNX. Without one its bytes decide, and not its name alone.
  if (model.onnx === undefined && start !== undefined && isOtherFormat(main.path, start, main.bytes)) {
    return [];
  }
  if (data === undefined) {
    return [
      {
        code: 'ERR_MODEL_CONTRACT',
        message: `${main.path}: too large to be inspected in this mode`,
        path: main.path,
        found: String(main.bytes),
      },
    ];
  }
  const externalFiles = new Map(
    model.files
      .filter(({ role }) => role === 'external-data')
      .map(({ path, bytes }) => [path.slice(folderOf(main.path).length), bytes]),
  );
  return checkGraph(data, externalFiles, model.onnx, policy ?? { policyVersion: 1 });
}

/** `parseModelLock` has made sure that there is exactly one. */
export function mainFile({ files }: LockedModel): LockedFile {
  return files.find(({ role }) => role === 'model')!;
}

/** Throws unless a digest is the one that the lock has. */
export function checkDigest({ path, sha256 }: LockedFile, found: Buffer): void {
  if (found.toString('hex') !== sha256) throw otherBytes(path, sha256, found);
}

async function journalize(
  { digest: lockDigest }: ModelLock,
  name: string,
  { files }: LockedModel,
  mode: 'bytes' | 'path',
  { journal, policy, revocation }: OpenModelOptions,
  reasons: readonly Reason[],
  signers: readonly Signer[] = [],
): Promise<void> {
  if (journal === undefined) return;
  const at = new Date().toISOString();
  const common = { model: name, files, lockDigest, at };
  const statement = verificationStatement({
    ...common,
    ...(policy !== undefined && { policyDigest: digestOf(policy) }),
    ...(revocation !== undefined && { revocationDigest: revocation.digest }),
    signers: signers.map(({ id }) => id),
    reasons: [...new Set(reasons.map(({ code }) => code))],
  });
  await journal.append([
    { event: 'verify', model: name, statement },
    ...(reasons.length === 0
      ? [{ event: 'load', model: name, statement: loadStatement({ ...common, mode }) } as const]
      : []),
  ]);
}

function evidenceOf(
  lock: ModelLock,
  name: string,
  model: LockedModel,
  { policy, revocation }: OpenModelOptions,
  signers: readonly Signer[] | undefined,
): ModelEvidence {
  return Object.freeze({
    name,
    digest: `sha256:${mainFile(model).sha256}`,
    rootDigest: rootDigest(model.files),
    files: Object.freeze(
      model.files.map(({ path, bytes, sha256 }) => Object.freeze({ path, bytes, sha256 })),
    ),
    source: model.source,
    licence: model.licence,
    lockDigest: lock.digest,
    ...(signers !== undefined && { signers: Object.freeze(signers) }),
    ...(policy !== undefined && { policyDigest: digestOf(policy) }),
    ...(revocation !== undefined && { revocationDigest: revocation.digest }),
    verifiedAt: new Date().toISOString(),
  });
}

function digestOf(value: unknown): string {
  return `sha256:${createHash('sha256').update(JSON.stringify(value)).digest('hex')}`;
}
