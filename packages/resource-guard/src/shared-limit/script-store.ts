import { createHash } from 'node:crypto';

/** Where the state of a shared limit is: something that runs a Lua script on one key. */
export interface ScriptStore {
  /**
   * Runs the script where the keys are, all or nothing.
   *
   * @returns Its answer, as the client library parsed it. It is checked.
   */
  evaluate(script: string, key: string, args: readonly string[]): Promise<unknown>;
}

/** The part of an ioredis or iovalkey client that is used. */
export interface IoredisClient {
  evalsha(sha: string, keys: number, ...keysAndArgs: string[]): Promise<unknown>;
  eval(script: string, keys: number, ...keysAndArgs: string[]): Promise<unknown>;
}

/** The part of a node-redis client that is used. */
export interface NodeRedisClient {
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/**
 * A store behind an ioredis (or iovalkey) client that you configure and close yourself. Give it
 * `enableOfflineQueue: false` and `maxRetriesPerRequest: 1`: a limit has no use for answers that come late.
 */
export function ioredisStore(client: IoredisClient): ScriptStore {
  return {
    evaluate: (script, key, args) =>
      bySha(
        () => client.evalsha(shaOf(script), 1, key, ...args),
        () => client.eval(script, 1, key, ...args),
      ),
  };
}

/** A store behind a node-redis client that you configure and close yourself. Give it `disableOfflineQueue: true`. */
export function nodeRedisStore(client: NodeRedisClient): ScriptStore {
  return {
    evaluate(script, key, args) {
      const options = { keys: [key], arguments: [...args] };
      return bySha(
        () => client.evalSha(shaOf(script), options),
        () => client.eval(script, options),
      );
    },
  };
}

const shas = new Map<string, string>();

function shaOf(script: string): string {
  let sha = shas.get(script);
  if (sha === undefined) {
    sha = createHash('sha1').update(script).digest('hex');
    shas.set(script, sha);
  }
  return sha;
}

/** A store that was restarted has forgotten its scripts. */
async function bySha(short: () => Promise<unknown>, whole: () => Promise<unknown>): Promise<unknown> {
  try {
    return await short();
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('NOSCRIPT')) return whole();
    throw error;
  }
}
