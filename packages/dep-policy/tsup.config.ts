import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { defineConfig } from 'tsup';

/** What a scan or a lint of a lock of npm needs. */
const CORE = [
  'src/advisories/open-advisories.ts',
  'src/check-locks.ts',
  'src/policy-file/judgement.ts',
  'src/readers/package-lock.ts',
  'src/scan/scan.ts',
].map((path) => join(import.meta.dirname, path));

/** Every module that is loaded when it is needed. */
function dynamicImports(): string[] {
  const folder = join(import.meta.dirname, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => join(folder, name))
    .flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/import\('(\.[^']+)'\)/g)].map(([, target]) =>
        resolve(dirname(path), target!),
      ),
    );
}

export default defineConfig({
  entry: ['src/index.ts', 'src/cli.ts'],
  format: 'esm',
  target: 'node22',
  dts: { entry: ['src/index.ts'], compilerOptions: { composite: false } },
  sourcemap: true,
  clean: true,
  // The bundler makes a file for each set of entries that share a module, some thirty for a scan, each of which Node has
  // to find, read and link. Where every entry has the core, the core is one file.
  treeshake: false,
  esbuildPlugins: [
    {
      name: 'core-in-one-file',
      setup(build) {
        const entries = new Set(['index.ts', 'cli.ts'].map((name) => join(import.meta.dirname, 'src', name)));
        for (const path of dynamicImports()) entries.add(path);
        for (const path of CORE) entries.delete(path);
        build.onLoad({ filter: /src\/.*\.ts$/ }, ({ path }) =>
          entries.has(path)
            ? {
                contents: `${readFileSync(path, 'utf8')}\n${CORE.map((core) => `import ${JSON.stringify(core)};`).join('\n')}\n`,
                loader: 'ts',
              }
            : undefined,
        );
      },
    },
  ],
  esbuildOptions: (options) => {
    // package.json says that no module has side effects: such an import would be left out.
    options.ignoreAnnotations = true;
  },
});
