import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/index.ts', 'src/child.ts', 'src/watchdog.ts'],
  format: 'esm',
  target: 'node22',
  dts: { compilerOptions: { composite: false } },
  sourcemap: true,
  clean: true,
});
