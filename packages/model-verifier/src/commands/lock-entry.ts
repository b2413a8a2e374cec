import { userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { promisedFormat } from '../formats/ending.ts';
import { sniffModelFormat } from '../formats/sniff.ts';
import { importGluonStore } from '../importers/gluon-store.ts';
import { importHuggingFace } from '../importers/hugging-face.ts';
import { MAX_LISTING_BYTES } from '../importers/listing.ts';
import { importOnnxHub } from '../importers/onnx-hub.ts';
import type {
  CandidateModel,
  LockedFile,
  LockedModel,
  LockProvenance,
  ModelFileRole,
  ModelSource,
  ProvenanceMethod,
} from '../lock/document.ts';
import { lockFolder } from '../lock/entry.ts';
import { contractOf } from '../onnx/contract.ts';
import { inspectOnnx } from '../onnx/inspect.ts';
import { isOtherFormat } from '../policy/check-graph.ts';
import { hashOnce, readOnce } from '../regular-file.ts';
import { UsageError } from './exit.ts';
import { collect } from './model-options.ts';
import { readTextFile } from './text-file.ts';

/** Options of `lock add`. */
export interface EntryFlags {
  readonly lock: string;
  readonly folder?: string;
  readonly licence?: string;
  readonly url?: string;
  readonly revision?: string;
  readonly npm?: string;
  readonly integrity?: string;
  readonly npmPath?: string;
  readonly derivation?: string;
  readonly role?: readonly string[];
  readonly contract: boolean;
  readonly inputSpec?: string;
  readonly addedBy?: string;
  readonly note?: string;
  readonly fromOnnxHub?: string;
  readonly fromGluonStore?: string;
  readonly fromHuggingFace?: string;
  readonly model?: string;
  readonly opset?: string;
}

const ROLES: readonly string[] = ['model', 'external-data', 'labels', 'licence', 'signature'];

export function addEntryOptions(command: Command): Command {
  return command
    .option('--folder <name>', "the model's top folder beside the lock (default: its name)")
    .option('--licence <spdx>', 'SPDX expression')
    .option('--url <url>', 'where it comes from, with --revision')
    .option('--revision <text>', 'immutable revision there, such as a commit')
    .option('--npm <package@version>', 'where it comes from, with --integrity and --npm-path')
    .option('--integrity <sri>', 'sha512 of the tarball, as a lockfile of packages has it')
    .option('--npm-path <path>', 'path of the model in the package')
    .option('--derivation <text>', 'how the file was made from the one in the package')
    .option('--role <path=role>', 'what a file is for, where its name does not say it', collect)
    .option('--no-contract', 'pin no contract of the graph')
    .option('--input-spec <sha256>', 'hash of the input spec that it was checked with')
    .option('--added-by <name>', 'who adds it (default: this user)')
    .option('--note <text>', 'a line for the reviewer')
    .option('--from-onnx-hub <file>', 'import from ONNX_HUB_MANIFEST.json, with --model and --revision')
    .option('--from-gluon-store <file>', "import from GluonCV's model_store.py, with --model: a candidate")
    .option('--from-hugging-face <file>', 'import from the listing of a revision, with --model and --role')
    .option('--model <name>', 'name in what is imported: a model, or <owner>/<name>')
    .option('--opset <number>', 'operator set, where the manifest has several');
}

/** What `lock add` puts into the lock: from a listing, or from the files that are there. */
export async function makeEntry(
  name: string,
  flags: EntryFlags,
): Promise<{ readonly model: LockedModel } | { readonly candidate: CandidateModel }> {
  const folder = flags.folder ?? name;
  const inputSpec = flags.inputSpec?.replace(/^(?:sha256:)?/, 'sha256:');
  const more = inputSpec === undefined ? {} : { inputSpec };
  const imported = await importEntry(folder, flags);
  if (imported === undefined) {
    const root = dirname(resolve(flags.lock));
    // What is typed wrongly is said before anything is read.
    const said = { licence: need(flags.licence, '--licence'), source: sourceOf(flags) };
    const roles = parseRoles(folder, flags.role);
    const base = { ...said, files: await lockFolder(root, folder, { roles }) };
    const onnx = flags.contract ? await contractIn(root, base) : undefined;
    return {
      model: {
        ...base,
        ...(onnx !== undefined && { onnx }),
        ...more,
        provenance: provenanceOf(flags, 'first-use'),
      },
    };
  }
  const provenance = provenanceOf(flags, 'listing');
  return 'model' in imported
    ? { model: { ...imported.model, ...more, provenance } }
    : { candidate: { ...imported.candidate, provenance: provenanceOf(flags, 'weak-hint') } };
}

async function importEntry(
  folder: string,
  flags: EntryFlags,
): Promise<{ readonly model: LockedModel } | { readonly candidate: CandidateModel } | undefined> {
  const { fromOnnxHub, fromGluonStore, fromHuggingFace, licence, opset } = flags;
  const given = [fromOnnxHub, fromGluonStore, fromHuggingFace].filter((file) => file !== undefined);
  const [file] = given;
  if (file === undefined) return undefined;
  if (given.length > 1) throw new UsageError('import from one listing at a time');
  const text = await readTextFile(file, MAX_LISTING_BYTES);
  const model = need(flags.model, '--model');
  if (fromGluonStore !== undefined) {
    return {
      candidate: importGluonStore(text, { model, folder, ...(licence !== undefined && { licence }) }),
    };
  }
  const common = {
    revision: need(flags.revision, '--revision'),
    licence: need(licence, '--licence'),
    folder,
  };
  if (fromOnnxHub !== undefined) {
    if (opset !== undefined && !/^\d{1,4}$/.test(opset)) throw new UsageError('--opset is a number');
    return {
      model: importOnnxHub(text, { ...common, model, ...(opset !== undefined && { opset: Number(opset) }) }),
    };
  }
  const files = Object.fromEntries(need(flags.role, '--role').map(parseRole));
  return importHuggingFace(text, { ...common, repository: model, files });
}

/** The contract of the model file, if it is an ONNX model: by its name or by its bytes. */
export async function contractIn(
  root: string,
  { files }: Pick<LockedModel, 'files'>,
): Promise<LockedModel['onnx']> {
  const main = files.find(({ role }) => role === 'model');
  if (main === undefined || !(await isOnnx(root, main))) return undefined;
  const { data } = await readOnce(root, main.path, { bytes: main.bytes });
  return contractOf(inspectOnnx(data, { profile: 'standard' }));
}

async function isOnnx(root: string, { path, bytes }: LockedFile): Promise<boolean> {
  if (promisedFormat(path) === 'onnx') return true;
  const { start } = await hashOnce(root, path, { bytes });
  return !isOtherFormat(path, start, bytes) && sniffModelFormat(start) === 'onnx';
}

function sourceOf({ url, revision, npm, integrity, npmPath, derivation }: EntryFlags): ModelSource {
  if ((url === undefined) === (npm === undefined)) {
    throw new UsageError('say where it comes from: --url with --revision, or --npm');
  }
  if (url !== undefined) return { type: 'url', url, revision: need(revision, '--revision') };
  const [, name, version] = /^(@?[^@]+)@([^@]+)$/.exec(npm!) ?? [];
  if (name === undefined || version === undefined) throw new UsageError('--npm is <package>@<exact version>');
  return {
    type: 'npm',
    package: name,
    version,
    integrity: need(integrity, '--integrity'),
    path: need(npmPath, '--npm-path'),
    ...(derivation !== undefined && { derivation }),
  };
}

function parseRoles(folder: string, roles: readonly string[] = []): Readonly<Record<string, ModelFileRole>> {
  return Object.fromEntries(roles.map(parseRole).map(([path, role]) => [join(folder, path), role]));
}

function parseRole(text: string): [path: string, role: ModelFileRole] {
  const [, path, role = ''] = /^(.+)=([a-z-]+)$/.exec(text) ?? [];
  if (path === undefined || !ROLES.includes(role)) {
    throw new UsageError(`--role is <path>=<role>, and a role one of ${ROLES.join(', ')}`);
  }
  return [path, role as ModelFileRole];
}

function provenanceOf({ addedBy, note }: EntryFlags, verifiedBy: ProvenanceMethod): LockProvenance {
  return {
    addedBy: addedBy ?? userName(),
    addedAt: new Date().toISOString(),
    verifiedBy,
    ...(note !== undefined && { note }),
  };
}

/** A container's user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

function need<T>(value: T | undefined, option: string): T {
  if (value === undefined) throw new UsageError(`${option} is missing`);
  return value;
}
