import { z } from 'zod';
import { ModelError } from '../errors.ts';
import { parseStrictJson } from '../strict-json.ts';
import {
  compareNames,
  DIGEST_DIGITS,
  HASH_TYPES,
  rootDigestOf,
  type ManifestFile,
  type ModelManifest,
  type Resource,
  type Serialization,
} from './manifest.ts';
import { findNameFault, parseShardName } from './resource-name.ts';

/** Predicate type of a model signature. */
export const PREDICATE_TYPE = 'https://model_signing/signature/v1.0';
/** Predicate type of version 0.2, which listed files as subjects. */
const LEGACY_PREDICATE_TYPE = 'https://model_signing/Digests/v0.1';
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';

/** Resources in one manifest. */
const MAX_RESOURCES = 250_000;
const MAX_IGNORE_PATHS = 10_000;
/** Values in the JSON of a statement: four for each resource, and as many again that are not looked at. */
export const MAX_STATEMENT_VALUES = 8 * MAX_RESOURCES;

/** How much is forgiven. */
export interface StatementRules {
  /** Refuse what the schemas of version 1.0 refuse, though signers in use write it. */
  readonly strict: boolean;
  /** Accept the format of version 0.2. */
  readonly legacy: boolean;
}

/** A statement whose manifest is sound. */
export interface OmsStatement {
  readonly manifest: ModelManifest;
  /** The same by file, in the order of first mention. */
  readonly files: readonly ManifestFile[];
  /** Whether it is of version 0.2. */
  readonly legacy: boolean;
}

const hex = z.string().regex(/^[0-9a-f]+$/);
const subject = z.object({ name: z.string().min(1), digest: z.record(z.string(), hex) });
const resource = z.object({ name: z.string().min(1), digest: hex, algorithm: z.string() });
const serialization = z.strictObject({
  method: z.enum(['files', 'shards']),
  hash_type: z.enum(HASH_TYPES),
  shard_size: z.int().positive().optional(),
  allow_symlinks: z.boolean(),
  ignore_paths: z.array(z.string()).max(MAX_IGNORE_PATHS).optional(),
});
const head = z.object({
  _type: z.literal(STATEMENT_TYPE),
  predicateType: z.enum([PREDICATE_TYPE, LEGACY_PREDICATE_TYPE]),
});
const current = head.extend({
  subject: z.array(subject).length(1),
  predicate: z.object({
    resources: z.array(resource).min(1).max(MAX_RESOURCES),
    serialization,
  }),
});
const legacy = head.extend({ subject: z.array(subject).min(1).max(MAX_RESOURCES) });

/** The schemas of version 1.0 to the letter: no field that they do not name. */
const strict = z.strictObject({
  _type: z.unknown(),
  predicateType: z.unknown(),
  subject: z.unknown(),
  predicate: z.strictObject({ resources: z.unknown(), serialization: z.unknown() }),
});

/**
 * Parses the payload of a model signature and checks that its manifest is sound.
 *
 * Verify the signature first: what stands here is believed from then on.
 *
 * @throws {ModelError} `ERR_MODEL_STATEMENT`, `ERR_MODEL_PATH` for an unsound name, `ERR_MODEL_UNSUPPORTED` for
 *   version 0.2 unless that is accepted.
 * @see OpenSSF Model Signing v1.0, sections 5, 6.5 and 8.3
 */
export function parseStatement(payload: Uint8Array, rules: StatementRules): OmsStatement {
  const json = parseJson(payload);
  if (parse(head, json).predicateType === LEGACY_PREDICATE_TYPE) return parseLegacy(json, rules);
  if (rules.strict) parse(strict, json);
  const { subject: subjects, predicate } = parse(current, json);
  const { shard_size: shardSize, ...fields } = predicate.serialization;
  if ((fields.method === 'shards') !== (shardSize !== undefined)) {
    throw unsound('a shard size belongs to shards, and only to them');
  }
  const named = { hashType: fields.hash_type, ...(shardSize !== undefined && { shardSize }) };
  for (const { name, algorithm, digest } of predicate.resources) {
    checkAlgorithm(name, algorithm, digest, named, rules);
  }
  const manifest: ModelManifest = {
    name: subjects[0]!.name,
    rootDigest: rootDigestOf(predicate.resources),
    resources: predicate.resources.map(({ name, digest }) => ({ name, digest })),
    serialization: {
      method: fields.method,
      hashType: fields.hash_type,
      ...(shardSize !== undefined && { shardSize }),
      allowSymlinks: fields.allow_symlinks,
      ignorePaths: fields.ignore_paths ?? [],
    },
  };
  const { sha256 } = subjects[0]!.digest;
  if (sha256 !== manifest.rootDigest) {
    throw new ModelError('ERR_MODEL_STATEMENT', 'the root digest is not that of the resources', {
      expected: sha256 ?? 'sha256',
      found: manifest.rootDigest,
    });
  }
  if (rules.strict) checkStrict(manifest);
  return { manifest, files: toFiles(manifest), legacy: false };
}

/** Version 0.2: every file is a subject, and nothing says how it was serialised. */
function parseLegacy(json: unknown, rules: StatementRules): OmsStatement {
  if (!rules.legacy) {
    throw new ModelError('ERR_MODEL_UNSUPPORTED', 'the signature is of version 0.2, which must be asked for');
  }
  const resources = parse(legacy, json).subject.map(({ name, digest }) => {
    const { sha256 } = digest;
    if (sha256?.length !== DIGEST_DIGITS.sha256) throw unsound(`${quote(name)} has no SHA-256`);
    return { name, digest: sha256 };
  });
  const manifest: ModelManifest = {
    name: '.',
    rootDigest: rootDigestOf(resources),
    resources,
    serialization: { method: 'files', hashType: 'sha256', allowSymlinks: false, ignorePaths: [] },
  };
  return { manifest, files: toFiles(manifest), legacy: true };
}

function parseJson(payload: Uint8Array): unknown {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(payload), MAX_STATEMENT_VALUES);
  } catch (cause) {
    throw new ModelError(
      'ERR_MODEL_STATEMENT',
      'what was signed is not JSON, is too large a tree, or a key in it is given twice',
      { cause },
    );
  }
}

function parse<T>(schema: z.ZodType<T>, json: unknown): T {
  const { success, data, error } = schema.safeParse(json);
  if (success) return data;
  const where = error.issues[0]?.path.join('.') ?? '';
  throw new ModelError('ERR_MODEL_STATEMENT', `what was signed is no model manifest: ${where || 'root'}`, {
    cause: error,
    ...(where !== '' && { found: where }),
  });
}

/** The reference implementation calls the hash of a shard `sha256-sharded-<size>`; the schema does not know that. */
function checkAlgorithm(
  name: string,
  algorithm: string,
  digest: string,
  { hashType, shardSize }: Pick<Serialization, 'hashType' | 'shardSize'>,
  rules: StatementRules,
): void {
  const isSharded = shardSize !== undefined && algorithm === `${hashType}-sharded-${shardSize}`;
  if (algorithm !== hashType && (rules.strict || !isSharded)) {
    throw unsound(`${quote(name)} is hashed otherwise than the rest`, algorithm);
  }
  if (digest.length !== DIGEST_DIGITS[hashType]) {
    throw unsound(`${quote(name)} has a digest of another length`, `${digest.length} digits`);
  }
}

function toFiles({ resources, serialization: { method, shardSize } }: ModelManifest): ManifestFile[] {
  const shards = new Map<string, { resource: Resource; start: number; end: number }[]>();
  for (const resource of resources) {
    const shard =
      method === 'files' ? { path: resource.name, start: 0, end: 0 } : parseShardName(resource.name);
    if (shard === undefined) throw unsound(`${quote(resource.name)} is no name of a shard`);
    const { path, start, end } = shard;
    // Models of one file were once signed under this name.
    const fault = path === '.' ? undefined : findNameFault(path);
    if (fault !== undefined) {
      throw new ModelError('ERR_MODEL_PATH', `the name ${quote(path)} ${fault}`, { path });
    }
    const others = shards.get(path);
    if (others === undefined) shards.set(path, [{ resource, start, end }]);
    else if (method === 'files') throw unsound(`${quote(path)} is listed twice`);
    else others.push({ resource, start, end });
  }
  if (shards.has('.') && shards.size > 1) throw unsound('a model of one file has more than one');
  checkNoFolders(shards);
  return [...shards].map(([path, parts]) => {
    if (method === 'files') return { path, resources: [parts[0]!.resource] };
    parts.sort((a, b) => a.start - b.start);
    const bytes = checkCover(path, parts, shardSize!);
    return { path, bytes, resources: parts.map(({ resource }) => resource) };
  });
}

/** `a` and `a/b` cannot both be files. */
function checkNoFolders(paths: ReadonlyMap<string, unknown>): void {
  for (const path of paths.keys()) {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const folder = path.slice(0, slash);
      if (paths.has(folder)) throw unsound(`${quote(folder)} is listed as a file and as a folder`);
    }
  }
}

/** Shards of one file follow each other without gap or overlap, each of the full size but the last. Answers the size. */
function checkCover(
  path: string,
  parts: readonly { start: number; end: number }[],
  shardSize: number,
): number {
  let position = 0;
  for (const [index, { start, end }] of parts.entries()) {
    const length = end - start;
    const isLast = index === parts.length - 1;
    if (start !== position || length <= 0 || length > shardSize || (!isLast && length < shardSize)) {
      throw unsound(`${quote(path)} has shards that do not cover it`, `${start}:${end}`);
    }
    position = end;
  }
  return position;
}

function checkStrict({ resources, serialization }: ModelManifest): void {
  const seen = new Map<string, string>();
  for (const [index, { name }] of resources.entries()) {
    if (name === '.') throw unsound('a model of one file is listed under "."');
    if (index > 0 && compareNames(resources[index - 1]!.name, name) >= 0) {
      throw unsound(`${quote(name)} is out of order`);
    }
    const key = name.toLowerCase().normalize('NFC');
    const twin = seen.get(key);
    if (twin !== undefined) throw unsound(`${quote(twin)} and ${quote(name)} differ only in case`);
    seen.set(key, name);
  }
  for (const path of serialization.ignorePaths) {
    if (path === '' || /[*?[]/.test(path) || findNameFault(path) !== undefined) {
      throw unsound(`the ignored path ${quote(path)} is not exact, relative and normalised`);
    }
  }
}

/** A name is a stranger's text: quoted, so that it forges no line of a log. */
function quote(name: string): string {
  return JSON.stringify(name.slice(0, 200)).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}

function unsound(message: string, found?: string): ModelError {
  return new ModelError('ERR_MODEL_STATEMENT', message, found === undefined ? {} : { found });
}
