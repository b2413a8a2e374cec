import { digestModel } from '../oms/digest-model.ts';
import type { CommandLine } from './command-line.ts';
import { printable } from './console.ts';
import { addModelOptions, asUsage, progressLine, toIgnoredPaths, type ModelFlags } from './model-options.ts';
import {
  addSerializationOptions,
  parseSerialization,
  type SerializationFlags,
} from './serialization-options.ts';

/** `digest <path>`: prints the root digest of a model. */
export function addDigestCommand({ program, console }: CommandLine): void {
  const command = program
    .command('digest')
    .description('print the root digest of a model: one name for all its bytes')
    .argument('<path>', 'a folder, or one file')
    .option('--allow-symlinks', 'follow links that stay inside the model', false)
    .option('--json', 'the whole manifest as one JSON document', false);
  addSerializationOptions(addModelOptions(command)).action(
    async (path: string, flags: ModelFlags & SerializationFlags & { json: boolean }) => {
      const manifest = await asUsage(() =>
        digestModel(path, {
          ...parseSerialization(flags),
          ignorePaths: toIgnoredPaths(path, flags.ignorePaths),
          ignoreGitPaths: flags.ignoreGitPaths,
          allowSymlinks: flags.allowSymlinks,
          onProgress: progressLine(console),
        }),
      );
      console.print(
        flags.json ? JSON.stringify(manifest) : `sha256:${manifest.rootDigest}  ${printable(path)}`,
      );
    },
  );
}
