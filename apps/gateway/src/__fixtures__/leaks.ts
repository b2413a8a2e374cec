import { repository, type Run } from './sallyport.ts';

const LEAKS = [
  /\n\s+at /,
  /node:internal/,
  /file:\/\//,
  /node_modules/,
  /\b(?:vips|libvips|sharp|onnxruntime|OrtSession|ENOENT|EACCES|ELOOP|ZodError|V8)\b/i,
];

/** What a stranger must not see in a program's output: stacks, absolute paths, the words of libraries. */
export function findLeaks({ stdout, stderr }: Run, secretFolders: readonly string[] = []): string[] {
  const output = `${stdout}\n${stderr}`;
  const patterns = LEAKS.filter((pattern) => pattern.test(output)).map(String);
  return [...patterns, ...[repository, ...secretFolders].filter((folder) => output.includes(folder))];
}
