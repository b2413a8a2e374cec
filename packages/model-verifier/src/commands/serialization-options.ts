import { Option, type Command } from 'commander';
import { HASH_TYPES, type HashType } from '../oms/manifest.ts';
import { UsageError } from './exit.ts';

/** Options of the commands that make a manifest. */
export interface SerializationFlags {
  readonly method: 'files' | 'shards';
  readonly hash: HashType;
  readonly shardSize?: string;
}

export function addSerializationOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--method <method>', 'one resource a file, or one a shard')
        .choices(['files', 'shards'])
        .default('files'),
    )
    .addOption(new Option('--hash <hash>', 'hash of every resource').choices(HASH_TYPES).default('sha256'))
    .option('--shard-size <bytes>', 'bytes in one shard (default 1000000000)');
}

/** @throws {UsageError} */
export function parseSerialization({ method, hash, shardSize }: SerializationFlags): {
  method: 'files' | 'shards';
  hashType: HashType;
  shardSize?: number;
} {
  if (shardSize === undefined) return { method, hashType: hash };
  if (method !== 'shards' || !/^[1-9]\d{0,14}$/.test(shardSize)) {
    throw new UsageError('--shard-size is a number of bytes, and goes with --method shards');
  }
  return { method, hashType: hash, shardSize: Number(shardSize) };
}
