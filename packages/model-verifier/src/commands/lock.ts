import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ModelError } from '../errors.ts';
import { checkModelLock, missingModel } from '../lock/check.ts';
import { diffModelLocks, type LockDifference } from '../lock/diff.ts';
import type { LockedModel, ModelLockDocument } from '../lock/document.ts';
import { lockFolder } from '../lock/entry.ts';
import { formatModelLock } from '../lock/format.ts';
import { openModelLock } from '../lock/lock.ts';
import { firstComponent } from '../lock/path.ts';
import { updateModelLock } from '../lock/update-file.ts';
import { verdictOf, type Verdict } from '../verdict.ts';
import type { CommandLine } from './command-line.ts';
import { count, printable, type Console } from './console.ts';
import { EXIT } from './exit.ts';
import { addEntryOptions, contractIn, makeEntry, type EntryFlags } from './lock-entry.ts';
import { addOpeningOptions, checkOpening, hasOpeningFlags, type OpeningFlags } from './opening-options.ts';
import { orRefused, printVerdict } from './print-verdict.ts';

interface LockFlags {
  readonly lock: string;
  readonly frozen: boolean;
  readonly json: boolean;
}

/** `lock add`, `lock verify`, `lock diff` and `lock update`. */
export function addLockCommand({ program, console, end }: CommandLine): void {
  const lock = program.command('lock').description('what models there are, and what their files must be');
  const option = ['--lock <file>', 'the lock', 'models.lock'] as const;
  const json = ['--json', 'one JSON document on stdout, and nothing else there', false] as const;
  const frozen = [
    '--frozen',
    'write nothing, and refuse where something would change: for CI',
    false,
  ] as const;

  addEntryOptions(
    lock.command('add').description('list a model: from its files beside the lock, or from a listing'),
  )
    .argument('<name>', 'of the model in the lock')
    .option(...option)
    .option(...frozen)
    .option(...json)
    .action(async (name: string, flags: EntryFlags & LockFlags) => {
      const verdict = await change(flags, async (document) => {
        if (Object.hasOwn(document.models, name) || Object.hasOwn(document.candidates ?? {}, name)) {
          throw new ModelError('ERR_MODEL_LOCK', `${name} is in the lock already: see lock update`);
        }
        const entry = await makeEntry(name, flags);
        return 'model' in entry
          ? { ...document, models: { ...document.models, [name]: entry.model } }
          : { ...document, candidates: { ...document.candidates, [name]: entry.candidate } };
      });
      end(printVerdict(console, flags.lock, verdict, flags.json, describeDifferences));
    });

  lock
    .command('update')
    .description('read the files of models again and pin what they are now')
    .argument('<name...>', 'models of the lock')
    .option(...option)
    .option(...frozen)
    .option(...json)
    .action(async (names: string[], flags: LockFlags) => {
      const root = dirname(resolve(flags.lock));
      const verdict = await change(flags, async (document) => {
        // To write one needs no lock to be there; to update one does.
        await openModelLock(flags.lock);
        const models: Record<string, LockedModel> = { ...document.models };
        for (const name of names) {
          const model = Object.hasOwn(models, name) ? models[name] : undefined;
          if (model === undefined) {
            throw missingModel(name, Object.hasOwn(document.candidates ?? {}, name));
          }
          models[name] = await refresh(root, model);
        }
        return { ...document, models };
      });
      end(printVerdict(console, flags.lock, verdict, flags.json, describeDifferences));
    });

  addOpeningOptions(
    lock
      .command('verify')
      .description('hold the files against the lock; with a policy, keys or a list against those too')
      .argument('[name...]', 'models of the lock; default all, and a candidate is then refused')
      .option(...option)
      .option('--frozen', 'refuse a lock that is not written in its one form', false)
      .option(...json),
  ).action(async (names: string[], flags: LockFlags & OpeningFlags) => {
    const verdict = await orRefused(() => verifyLock(names, flags, console));
    end(
      printVerdict(console, flags.lock, verdict, flags.json, (evidence) =>
        (evidence?.models ?? []).map(
          ({ name, verdict: one, bytes }) => `${name}  ${one}  ${count(bytes)} bytes`,
        ),
      ),
    );
  });

  lock
    .command('diff')
    .description('say how two locks differ')
    .argument('<before>', 'a lock')
    .argument('[after]', 'another lock', 'models.lock')
    .option(...json)
    .action(async (before: string, after: string, flags: { readonly json: boolean }) => {
      const [a, b] = [await openModelLock(before), await openModelLock(after)];
      const differences = diffModelLocks(a.document, b.document);
      if (flags.json) console.print(JSON.stringify({ differences }));
      else for (const line of describeDifferences(differences)) console.print(printable(line));
      end(differences.length === 0 ? EXIT.verified : EXIT.refused);
    });
}

function change(
  { lock, frozen }: LockFlags,
  edit: (document: ModelLockDocument) => Promise<ModelLockDocument>,
): Promise<Verdict<readonly LockDifference[] | null>> {
  return orRefused(async () => verdictOf([], await updateModelLock(lock, edit, { frozen })));
}

/** What the files are now, and nothing else new. A file that came is listed; one that went is gone. */
async function refresh(root: string, model: LockedModel): Promise<LockedModel> {
  const known = new Map(model.files.map((file) => [file.path, file]));
  const folder = firstComponent(model.files[0]!.path);
  const roles = Object.fromEntries(
    model.files.flatMap(({ path, role }) => (role === 'model' ? [[path, role] as const] : [])),
  );
  const found = await lockFolder(root, folder, { roles });
  const order = new Map(model.files.map(({ path }, index) => [path, index]));
  const files = found
    .map((file) => ({ ...known.get(file.path), ...file, role: known.get(file.path)?.role ?? file.role }))
    .sort((a, b) => (order.get(a.path) ?? Infinity) - (order.get(b.path) ?? Infinity) || 0);
  const onnx = model.onnx === undefined ? undefined : await contractIn(root, { files });
  return { ...model, files, ...(onnx !== undefined && { onnx }) };
}

async function verifyLock(
  names: readonly string[],
  flags: LockFlags & OpeningFlags,
  console: Console,
): ReturnType<typeof checkModelLock> {
  const lock = await openModelLock(flags.lock);
  if (flags.frozen && (await readFile(flags.lock, 'utf8')) !== formatModelLock(lock.document)) {
    throw new ModelError('ERR_MODEL_FROZEN', 'expected the lock in its one form: write it with lock update');
  }
  if (hasOpeningFlags(flags)) return checkOpening(lock, names, flags);
  return checkModelLock(lock, {
    ...(names.length > 0 && { names }),
    onFile: (path, bytes) => {
      console.progress(`${path}  ${count(bytes)} bytes`);
    },
  });
}

function describeDifferences(differences: readonly LockDifference[] | null): readonly string[] {
  return (differences ?? []).map(({ change: what, model, where, before, after }) => {
    const values = [before, after].flatMap((value) => (value === undefined ? [] : shorten(value)));
    return `${what}  ${model}${where === '' ? '' : `  ${where}`}  ${where === '' ? '' : values.join(' -> ')}`.trimEnd();
  });
}

function shorten(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}
