import { ModelError } from '../errors.ts';
import { CanonicalHash } from './canonical-hash.ts';
import { Cursor } from './cursor.ts';
import { FunctionTable } from './function-table.ts';
import type { Inspection } from './inspection.ts';
import { domainName, opsetRange } from './operator-table.ts';
import type { OnnxOpset } from './report.ts';
import type { GraphPart } from './graph-part.ts';
import { GraphWalk } from './walk.ts';
import { quoted } from './violation.ts';

/** A ModelProto after its walk. */
export interface ModelView {
  readonly irVersion: number;
  readonly producerName: string;
  readonly producerVersion: string;
  readonly opsets: readonly OnnxOpset[];
  readonly functions: number;
  readonly walk: GraphWalk;
  /** SHA-256 of what is structure. */
  readonly fingerprint: string;
}

/** Reads and checks the model around the graphs, then walks every graph and function. */
export function readModel(inspection: Inspection, record?: (part: GraphPart) => void): ModelView {
  const { bytes, violations, profile } = inspection;
  const cursor = new Cursor(bytes).open(0, bytes.length);
  let irVersion = 0;
  let [producerName, producerVersion] = ['', ''];
  let graph: readonly [number, number] | undefined;
  const opsets: number[] = [];
  const metadata: number[] = [];
  const training: number[] = [];
  const functions: number[] = [];
  while (cursor.next()) {
    switch (cursor.field) {
      case 1:
        irVersion = cursor.int();
        break;
      case 2:
        producerName = inspection.text(cursor.start, cursor.end);
        break;
      case 3:
        producerVersion = inspection.text(cursor.start, cursor.end);
        break;
      case 6:
        checkPrintable(inspection, cursor.start, cursor.end, 'model/doc_string');
        break;
      case 7:
        graph = [cursor.start, cursor.end];
        break;
      case 8:
        opsets.push(cursor.start, cursor.end);
        break;
      case 14:
        metadata.push(cursor.start, cursor.end);
        break;
      case 20:
        training.push(cursor.start, cursor.end);
        break;
      case 25:
        functions.push(cursor.start, cursor.end);
        break;
    }
  }
  if (graph === undefined)
    throw new ModelError('ERR_MODEL_FORMAT', 'expected an ONNX model, found none: it has no graph');

  const [first, last] = profile.irVersions;
  if (!(irVersion >= first && irVersion <= last)) {
    violations.add('ir-version', 'model', `expected IR version ${first} to ${last}, found ${irVersion}`);
  }
  const imported = readOpsets(inspection, opsets, 'model');
  checkMetadata(inspection, metadata);
  if (training.length > 0) {
    violations.add(
      'training-info',
      'model',
      'expected a model for inference, found information for training',
    );
  }
  if (functions.length / 2 > profile.maxFunctions) {
    const message = `expected at most ${profile.maxFunctions} functions, found ${functions.length / 2}`;
    violations.add('function-forbidden', 'functions', message);
  }

  const hash = new CanonicalHash(bytes);
  // What changes the meaning of the canonical form itself would start with another word.
  hash.text('sallyport-onnx-graph-1');
  const sorted = [...imported].sort(([a], [b]) => (a < b ? -1 : 1));
  hash.count(sorted.length);
  for (const [domain, version] of sorted) {
    hash.text(domain);
    hash.number(version);
  }

  const table = new FunctionTable(inspection, functions);
  const walk = new GraphWalk(inspection, irVersion, table, hash, record);
  addScopes(inspection, walk, table, imported, graph, training);
  walk.run();
  table.checkCalls();
  return {
    irVersion,
    producerName,
    producerVersion,
    opsets: sorted.map(([domain, version]) => ({ domain, version })),
    functions: table.functions.length,
    walk,
    fingerprint: `sha256:${hash.take()}`,
  };
}

/** What is added last is walked first: the main graph, then functions, then what is for training. */
function addScopes(
  inspection: Inspection,
  walk: GraphWalk,
  table: FunctionTable,
  opsets: ReadonlyMap<string, number>,
  graph: readonly [number, number],
  training: readonly number[],
): void {
  const outermost = { isFunction: false, parent: undefined, owner: -1, opsets, formals: undefined };
  for (let at = training.length - 2; at >= 0; at -= 2) {
    const cursor = new Cursor(inspection.bytes).open(training[at]!, training[at + 1]!);
    while (cursor.next()) {
      if (cursor.field > 2) continue;
      const path = `training_info[${at / 2}]/${cursor.field === 1 ? 'initialization' : 'algorithm'}`;
      walk.add({ ...outermost, start: cursor.start, end: cursor.end, path, key: path });
    }
  }
  for (let index = table.functions.length - 1; index >= 0; index--) {
    const view = table.functions[index]!;
    const path = `functions[${index}] ${quoted(view.name)}`;
    walk.add({
      isFunction: true,
      start: view.start,
      end: view.end,
      path,
      key: `function/${view.domain}/${view.name}/${view.overload}`,
      parent: undefined,
      owner: index,
      // A function that imports nothing lives by the model's imports.
      opsets: view.opsets.length === 0 ? opsets : readOpsets(inspection, view.opsets, path),
      formals: view.attributes,
    });
  }
  walk.add({ ...outermost, start: graph[0], end: graph[1], path: 'graph', key: 'graph' });
}

function readOpsets(inspection: Inspection, places: readonly number[], path: string): Map<string, number> {
  const { bytes, violations, profile } = inspection;
  const cursor = new Cursor(bytes);
  const opsets = new Map<string, number>();
  for (let at = 0; at < places.length; at += 2) {
    cursor.open(places[at]!, places[at + 1]!);
    let domain = domainName('');
    let version = 0;
    while (cursor.next()) {
      if (cursor.field === 1) domain = domainName(inspection.text(cursor.start, cursor.end));
      else if (cursor.field === 2) version = cursor.int();
    }
    const range = opsetRange(profile, domain);
    const where = `${path}/opset_import ${quoted(domain)}`;
    if (opsets.has(domain)) {
      violations.add('opset-duplicate', where, 'expected each operator set once, found it twice');
    } else if (range === undefined) {
      violations.add('opset-domain', where, `expected an operator set of profile ${profile.name}`);
    } else if (!(version >= range[0] && version <= range[1])) {
      violations.add('opset-version', where, `expected version ${range[0]} to ${range[1]}, found ${version}`);
    }
    if (!opsets.has(domain)) opsets.set(domain, version);
  }
  return opsets;
}

function checkMetadata(inspection: Inspection, places: readonly number[]): void {
  const { bytes, violations, limits } = inspection;
  const cursor = new Cursor(bytes);
  const keys = new Set<string>();
  let length = 0;
  for (let at = 0; at < places.length; at += 2) {
    const path = `model/metadata_props[${at / 2}]`;
    length += places[at + 1]! - places[at]!;
    let key = '';
    cursor.open(places[at]!, places[at + 1]!);
    while (cursor.next()) {
      if (cursor.field > 2) continue;
      checkPrintable(inspection, cursor.start, cursor.end, path);
      if (cursor.field === 1) key = inspection.text(cursor.start, cursor.end);
    }
    if (keys.has(key)) {
      violations.add('metadata-duplicate', path, `expected each key once, found ${quoted(key)} twice`);
    }
    keys.add(key);
  }
  if (length > limits.maxMetadataBytes) {
    const message = `expected at most ${limits.maxMetadataBytes} bytes of metadata, found ${length}`;
    violations.add('metadata-size', 'model/metadata_props', message);
  }
}

/** Line ends and tabs are common in documentation; other control characters are for terminals. */
function checkPrintable(inspection: Inspection, start: number, end: number, path: string): void {
  for (let at = start; at < end; at++) {
    const byte = inspection.bytes[at]!;
    if ((byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) || byte === 0x7f) {
      inspection.violations.add('text-unprintable', path, `expected printable text, found byte ${byte}`);
      return;
    }
  }
}
