// `npm start`: set up, then the main job on the sample pictures.
import { run } from './run.mjs';
import { say, setUp } from './setup.mjs';

await setUp();
say('Analysing the sample pictures: faces, moderation and text.');
process.exitCode = await run('sallyport', ['tour', 'samples', '--out', 'out']);
if (process.exitCode === 0) {
  console.log('Try next:  npx sallyport analyze text samples/page.png --render out');
  console.log('           npx sallyport analyze faces samples/astronaut.png --json');
}
