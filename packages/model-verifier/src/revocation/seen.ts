import { basename, dirname, resolve } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../atomic-file.ts';
import { ModelError } from '../errors.ts';
import { withExclusive } from '../exclusive.ts';
import { prefixedSha256 } from '../lock/schema.ts';
import { readOnce } from '../regular-file.ts';
import { parseStrictJson } from '../strict-json.ts';

const MAX_STATE_BYTES = 1024 * 1024;
const WAIT_MS = 10_000;

const stateSchema = z.strictObject({
  stateFormat: z.literal(1),
  lists: z.record(z.string(), z.strictObject({ version: z.int().min(1), digest: prefixedSha256 })),
});
type State = z.infer<typeof stateSchema>;

/**
 * Remembers the newest version of a list that was seen, and refuses an older one.
 *
 * A state file that is not there counts as "nothing seen yet"; one that cannot be read is refused, for else breaking it
 * would be a way to roll back.
 *
 * @param path - State file, in a folder that only this program can write.
 * @throws {ModelError} `ERR_MODEL_ROLLBACK` for an older version, or for other content under the version seen;
 *   `ERR_MODEL_REVOCATION` if the state cannot be read or written; `ERR_MODEL_BUSY`.
 */
export async function rememberVersion(
  path: string,
  list: { readonly name: string; readonly version: number; readonly digest: string },
): Promise<void> {
  const absolute = resolve(path);
  await withExclusive(`${absolute}.lock`, { waitMs: WAIT_MS }, async () => {
    const state = await readState(absolute);
    const seen = Object.hasOwn(state.lists, list.name) ? state.lists[list.name] : undefined;
    if (seen !== undefined && list.version < seen.version) {
      throw rollback(list.name, `version ${seen.version} or later`, `version ${list.version}`);
    }
    if (seen?.version === list.version) {
      if (seen.digest === list.digest) return;
      throw rollback(list.name, `the version ${seen.version} seen before`, 'another list of that version');
    }
    const lists = { ...state.lists, [list.name]: { version: list.version, digest: list.digest } };
    await writeFileAtomic(absolute, `${JSON.stringify({ stateFormat: 1, lists }, null, 2)}\n`).catch(
      (cause: unknown) => {
        throw new ModelError('ERR_MODEL_REVOCATION', 'the state of revocation lists could not be written', {
          cause,
        });
      },
    );
  });
}

async function readState(path: string): Promise<State> {
  try {
    const { data } = await readOnce(dirname(path), basename(path), { maxBytes: MAX_STATE_BYTES });
    return stateSchema.parse(parseStrictJson(Buffer.from(data).toString()));
  } catch (cause) {
    if (cause instanceof ModelError && cause.code === 'ERR_MODEL_MISSING')
      return { stateFormat: 1, lists: {} };
    throw new ModelError('ERR_MODEL_REVOCATION', 'the state of revocation lists could not be read', {
      cause,
    });
  }
}

function rollback(name: string, expected: string, found: string): ModelError {
  return new ModelError('ERR_MODEL_ROLLBACK', `${name}: expected ${expected}, found ${found}`, {
    expected,
    found,
  });
}
