import { packageKey } from '../ecosystem.ts';
import type { Advisory } from './advisory.ts';
import { AliasGroups } from './alias-groups.ts';
import {
  BLOCK_BYTES,
  encodeBlock,
  encodeDirectory,
  MAGIC,
  nameBytes,
  recordHash,
  sha256,
} from './index-format.ts';
import type { BlockPlace, IndexCounts, IndexHeader, NamedPlaces, RecordPlace } from './index-format.ts';
import type { ScratchFile } from './scratch-file.ts';
import { decodeSlim } from './slim-record.ts';
import { SortedRuns, storedText } from './sorted-runs.ts';

/** Ids accepted in one group of aliases. The largest published ones have about ten. */
const MAX_GROUP = 256;

/** Characters of one package's records that are written in one piece, and so read in one. */
const MAX_PIECE = 256 * 1024;

/** What was written, for the header. */
interface WrittenRecords {
  readonly counts: Pick<
    IndexCounts,
    'records' | 'malware' | 'withdrawn' | 'flawed' | 'replaced' | 'packages'
  >;
  readonly newestModified: string;
  readonly directory: IndexHeader['directory'];
}

/** Begins the index: records, blocks of names, and the directory. */
export function writeRecords(part: ScratchFile, scratch: ScratchFile, byId: SortedRuns): WrittenRecords {
  part.append(MAGIC);
  const { byName, aliases, ...totals } = sortByName(byId, scratch);
  const { packages, blocks } = writeNames(part, byName, groupsOf(aliases));
  const directory = encodeDirectory(blocks);
  return {
    counts: { ...totals.counts, packages },
    newestModified: totals.newestModified,
    directory: { ...part.append(directory), sha256: sha256(directory).toString('hex') },
  };
}

/** Keys of records about several packages begin with this and come before all names. */
const SHARED = '\0';

/** Values that begin with this are no record, but say which shared one it is. */
const REFERENCE = '#';

interface SortedByName {
  /** Slim records by the packages that they are about; one about several packages once, and references to it. */
  readonly byName: SortedRuns;
  readonly aliases: AliasGroups;
  readonly counts: Omit<WrittenRecords['counts'], 'packages'>;
  readonly newestModified: string;
}

function sortByName(byId: SortedRuns, scratch: ScratchFile): SortedByName {
  const byName = new SortedRuns(scratch);
  const aliases = new AliasGroups();
  const counts = { records: 0, malware: 0, withdrawn: 0, flawed: 0, replaced: 0 };
  let newestModified = '';
  let shared = 0;
  const take = (slim: string, advisory: Advisory): void => {
    counts.flawed += Number(advisory.problems.length > 0);
    // A withdrawn record's aliases may be what was wrong with it.
    if (advisory.aliases.length > 0 && advisory.withdrawn === undefined) {
      aliases.join([advisory.id, ...advisory.aliases]);
    }
    const keys = new Set(advisory.affected.map((entry) => storedText(packageKey(entry))));
    // A record about other ecosystems has said all it can: its aliases.
    if (keys.size === 0) return;
    counts.records += 1;
    counts.malware += Number(advisory.isMalware);
    counts.withdrawn += Number(advisory.withdrawn !== undefined);
    if (compareTimes(advisory.modified, newestModified) > 0) newestModified = advisory.modified;
    if (keys.size === 1) {
      for (const key of keys) byName.add(key, slim);
      return;
    }
    byName.add(`${SHARED}${shared}`, slim);
    for (const key of keys) byName.add(key, `${REFERENCE}${shared}`);
    shared += 1;
  };
  let last: { readonly key: string; readonly slim: string; readonly advisory: Advisory } | undefined;
  for (const { key, value: slim } of byId.merged()) {
    const advisory = decodeSlim(slim)!;
    if (last?.key === key) {
      counts.replaced += 1;
      if (compareTimes(last.advisory.modified, advisory.modified) > 0) continue;
    } else if (last !== undefined) take(last.slim, last.advisory);
    last = { key, slim, advisory };
  }
  if (last !== undefined) take(last.slim, last.advisory);
  return { byName, aliases, counts, newestModified };
}

/** Writes every name's records, and after those of about a block of names the block itself. */
function writeNames(
  part: ScratchFile,
  byName: SortedRuns,
  withGroup: (slim: string) => string,
): { readonly packages: number; readonly blocks: readonly BlockPlace[] } {
  const shared = new Map<string, RecordPlace>();
  const blocks: BlockPlace[] = [];
  let packages = 0;
  let names: NamedPlaces[] = [];
  let length = 0;
  const endBlock = (): void => {
    const [first] = names;
    if (first === undefined) return;
    const bytes = encodeBlock(names);
    blocks.push({ first: first.key, ...part.append(bytes), sha256: sha256(bytes) });
    names = [];
    length = 0;
  };
  let places: RecordPlace[] = [];
  let piece: string[] = [];
  let pieceLength = 0;
  const endPiece = (): void => {
    if (piece.length === 0) return;
    places.push(writePiece(part, piece));
    piece = [];
    pieceLength = 0;
  };
  const endName = (key: string): void => {
    endPiece();
    packages += 1;
    names.push({ key, places });
    length += nameBytes(key, places.length);
    places = [];
    if (length >= BLOCK_BYTES) endBlock();
  };
  let current: string | undefined;
  for (const { key, value } of byName.merged()) {
    if (key.startsWith(SHARED)) {
      shared.set(key.slice(SHARED.length), writePiece(part, [withGroup(value)]));
      continue;
    }
    if (current !== undefined && current !== key) endName(current);
    current = key;
    if (value.startsWith(REFERENCE)) {
      places.push(shared.get(value.slice(REFERENCE.length))!);
      continue;
    }
    const slim = withGroup(value);
    piece.push(slim);
    pieceLength += slim.length;
    if (pieceLength >= MAX_PIECE) endPiece();
  }
  if (current !== undefined) endName(current);
  endBlock();
  return { packages, blocks };
}

function writePiece(part: ScratchFile, records: readonly string[]): RecordPlace {
  const bytes = Buffer.from(`[${records.join(',')}]`);
  return { ...part.append(bytes), hash: Buffer.from(recordHash(bytes)) };
}

/** Writes its group into a slim record that was encoded before all records were known. */
function groupsOf(aliases: AliasGroups): (slim: string) => string {
  const groups = aliases.groups();
  return (slim) => {
    // Nearly every record of malware has no aliases, and nobody names it as one.
    const { id, aliases: own, withdrawn } = decodeSlim(slim)!;
    const group = withdrawn === undefined ? groups.get(aliases.groupOf(id)) : undefined;
    if (group === undefined || group.length <= own.length + 1) return slim;
    return `{"g":${JSON.stringify(group.slice(0, MAX_GROUP))},${slim.slice(1)}`;
  };
}

/** Order of two RFC 3339 times; text that is no time comes before every time. */
function compareTimes(a: string, b: string): number {
  const [first, second] = [a, b].map((text) => {
    const time = Date.parse(text);
    return Number.isNaN(time) ? -Infinity : time;
  }) as [number, number];
  return first < second ? -1 : first > second ? 1 : 0;
}
