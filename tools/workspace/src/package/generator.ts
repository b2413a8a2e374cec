// `npx nx g workspace:package <name>`: a package with one working noun, which passes every check from the start.
import { join } from 'node:path';
import { formatFiles, generateFiles, logger, readJson, updateJson } from '@nx/devkit';
import type { GeneratorCallback, Tree } from '@nx/devkit';
import { formatApiReport } from './api-report.ts';
import { addImporter } from './lockfile.ts';
import { parsePackageName } from './names.ts';

/** What the command line passes on, see schema.json. */
export interface PackageOptions {
  readonly name: string;
  /** Default: what the generated code does. */
  readonly description?: string;
}

/**
 * Writes `packages/<name>` and names it in the root tsconfig.json and in pnpm-lock.yaml.
 *
 * @throws {RangeError} If the name cannot be used or is taken.
 */
export default async function generatePackage(
  tree: Tree,
  options: PackageOptions,
): Promise<GeneratorCallback> {
  const names = parsePackageName(options.name);
  const root = `packages/${names.name}`;
  if (tree.exists(root)) throw new RangeError(`Expected a new name, but ${root} exists`);

  const description = options.description ?? `The limits of ${names.words}, checked once.`;
  generateFiles(tree, join(import.meta.dirname, 'files'), root, { ...names, description, fence: '```' });
  updateJson(tree, 'tsconfig.json', (config: { references?: { path: string }[] }) => ({
    ...config,
    references: [...(config.references ?? []), { path: `./${root}` }],
  }));
  await formatFiles(tree);
  // After formatting: the report stays as api-extractor writes it.
  tree.write(`${root}/etc/${names.name}.api.md`, formatApiReport(names));
  tree.write('pnpm-lock.yaml', addImporter(tree.read('pnpm-lock.yaml', 'utf8') ?? '', root));

  const { packageManager } = readJson<{ packageManager: string }>(tree, 'package.json');
  return () => {
    logger.info(
      [
        '',
        `Made ${root}. Next:`,
        `  npx --yes ${packageManager} install`,
        `  npx nx run-many -t build typecheck lint test api package readme -p @sallyport/${names.name}`,
        'Then replace src/limits.ts by the first noun of your package, and change its README with it.',
      ].join('\n'),
    );
  };
}
