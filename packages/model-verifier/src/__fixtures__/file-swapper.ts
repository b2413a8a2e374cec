// A process that does one thing to a model again and again until it is killed: `file-swapper.ts <action> <path> <other>`.
import { copyFileSync, linkSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';

const [action = '', path = '', other = ''] = process.argv.slice(2);
const aside = `${path}.aside`;

/** Each ends with everything where it was. */
const actions: Readonly<Record<string, () => void>> = {
  /** The wrong file takes the name of the right one, and gives it back. */
  'swap the file': () => {
    renameSync(path, aside);
    copyFileSync(other, path);
    unlinkSync(path);
    renameSync(aside, path);
  },
  /** The name becomes a link to the wrong file for a moment. */
  'swap the file for a link': () => {
    renameSync(path, aside);
    symlinkSync(other, path);
    unlinkSync(path);
    renameSync(aside, path);
  },
  /** The folder becomes a link to one with the wrong file. */
  'swap the folder for a link': () => {
    renameSync(path, aside);
    symlinkSync(other, path);
    unlinkSync(path);
    renameSync(aside, path);
  },
  'link the file twice': () => {
    linkSync(path, aside);
    rmSync(aside);
  },
  'write into the file': () => {
    copyFileSync(other, path);
    copyFileSync(`${other}.right`, path);
  },
};

const act = actions[action]!;
writeFileSync(1, 'started\n');
for (;;) act();
