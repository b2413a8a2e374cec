import { defineConfig } from 'tsup';

export default defineConfig({
  // The last two run in processes and threads of their own; their files are looked for beside the others.
  entry: ['src/index.ts', 'src/worker.ts', 'src/cli.ts', 'src/video-inspector.ts', 'src/wasm-thread.ts'],
  format: 'esm',
  target: 'node22',
  dts: { entry: ['src/index.ts', 'src/worker.ts'], compilerOptions: { composite: false } },
  sourcemap: true,
  clean: true,
});
