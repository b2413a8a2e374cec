import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    cli: 'src/cli.ts',
    'digest-worker': 'src/oms/digest-worker.ts',
  },
  format: 'esm',
  target: 'node22',
  dts: { entry: ['src/index.ts'], compilerOptions: { composite: false } },
  sourcemap: true,
  clean: true,
});
