// `npm start`: set up, then the main job on the sample pictures.
import { run } from './run.mjs';
import { say, setUp } from './setup.mjs';

await setUp();
say('Analysing the sample pictures: faces, moderation and text.');
process.exitCode = await run('sallyport', ['tour', 'samples', '--out', 'out']);
