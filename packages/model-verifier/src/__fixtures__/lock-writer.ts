// A process that adds models to a lock, one update each: `lock-writer.ts <lock> <name> <count>`.
import { updateModelLock } from '../lock/update-file.ts';

const [path = '', name = '', count = '0'] = process.argv.slice(2);
for (let index = 0; index < Number(count); index++) {
  const added = `${name}-${index}`;
  await updateModelLock(
    path,
    (document) => ({
      ...document,
      models: {
        ...document.models,
        [added]: {
          licence: 'MIT',
          source: { type: 'url', url: 'https://example.com/m.onnx', revision: '1' },
          files: [{ path: `${added}/m.onnx`, role: 'model', bytes: 1, sha256: '0'.repeat(64) }],
        },
      },
    }),
    { waitMs: 30_000 },
  );
}
