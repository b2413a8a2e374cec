import { defineConfig } from 'tsup';

export default defineConfig({
  entry: [
    'src/index.ts',
    'src/child.ts',
    'src/watchdog.ts',
    'src/cli.ts',
    'src/testkit/index.ts',
    'src/testkit/hostile-tasks.ts',
  ],
  format: 'esm',
  target: 'node22',
  dts: { entry: ['src/index.ts', 'src/testkit/index.ts'], compilerOptions: { composite: false } },
  sourcemap: true,
  clean: true,
});
