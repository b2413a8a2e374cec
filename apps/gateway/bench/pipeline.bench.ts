// `analyze faces` through the whole gateway against a bare script with the same model and the same threads.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { openGateway, type AnalysisDocument, type Gateway } from '../src/index.ts';

/** Pictures per run of an arm: enough to keep two workers busy, few enough to interleave often. */
const PICTURES = 6;
const repository = fileURLToPath(new URL('../../../', import.meta.url));
const SIZES = { '12 MP JPEG': [4032, 3024], 'VGA JPEG': [640, 480] } as const;
type Case = keyof typeof SIZES;

/** What a run did, and the CPU time that its children spent on it. */
interface Work {
  readonly items: number;
  readonly cpuMs?: number;
}

const pictures = new Map<string, Uint8Array>();
let session: InferenceSession;
let gateway: Gateway;

/** What a first script would do: shrink, loop over the bytes, run. No limit, no check, no isolation. */
async function bare(bytes: Uint8Array): Promise<number> {
  const raw = await sharp(bytes)
    .resize(128, 128, { fit: 'contain', kernel: 'linear', background: '#000' })
    .removeAlpha()
    .raw()
    .toBuffer();
  const data = new Float32Array(raw.length);
  for (let index = 0; index < raw.length; index += 1) data[index] = raw[index]! / 127.5 - 1;
  const outputs = await session.run({ 'input:0': new Tensor('float32', data, [1, 128, 128, 3]) });
  return outputs['Identity:0']!.data.length;
}

async function guarded(bytes: Uint8Array): Promise<AnalysisDocument> {
  const document = await gateway.analyze('faces', { name: 'bench.jpg', bytes });
  if ('error' in document) throw new Error(`Expected a result, found ${document.error.code}`);
  return document;
}

function childCpu(documents: readonly AnalysisDocument[]): number {
  return documents.reduce((sum, { receipt }) => sum + (receipt.task?.cpuMs ?? 0), 0);
}

export default {
  title: 'analyze faces: the gateway against a bare sharp + onnxruntime-node script (one thread each)',
  unit: 'image',
  cases: Object.keys(SIZES),

  async prepare(): Promise<void> {
    sharp.concurrency(1);
    sharp.cache(false);
    for (const [name, [width, height]] of Object.entries(SIZES)) {
      const source = sharp(`${repository}samples/astronaut.png`).resize(width, height, { fit: 'cover' });
      pictures.set(name, await source.jpeg({ quality: 85 }).toBuffer());
    }
    const model = await readFile(`${repository}apps/gateway/models/blazeface-front-128/model.onnx`);
    session = await InferenceSession.create(model, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
    gateway = await openGateway({ pipelines: ['faces'], workers: 2 });
  },

  async dispose(): Promise<void> {
    await gateway.close();
    await session.release();
  },

  arms: [
    {
      name: 'bare script, one at a time',
      baseline: true,
      async run(name: Case): Promise<Work> {
        for (let count = 0; count < PICTURES; count += 1) await bare(pictures.get(name)!);
        return { items: PICTURES };
      },
    },
    {
      name: 'gateway, one at a time',
      async run(name: Case): Promise<Work> {
        const documents: AnalysisDocument[] = [];
        for (let count = 0; count < PICTURES; count += 1) documents.push(await guarded(pictures.get(name)!));
        return { items: PICTURES, cpuMs: childCpu(documents) };
      },
    },
    {
      name: 'gateway, two workers busy',
      async run(name: Case): Promise<Work> {
        const half = async (): Promise<AnalysisDocument[]> => {
          const documents: AnalysisDocument[] = [];
          for (let count = 0; count < PICTURES / 2; count += 1)
            documents.push(await guarded(pictures.get(name)!));
          return documents;
        };
        const documents = (await Promise.all([half(), half()])).flat();
        return { items: PICTURES, cpuMs: childCpu(documents) };
      },
    },
  ],
};
