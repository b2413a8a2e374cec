import type { Failure } from './failure.ts';

// How Node, V8, libvips, onnxruntime and the C++ library say that an allocation was refused. With a hard limit on the
// memory of a process that is how its end is met by code that handles it: the process lives on.
const CODES = new Set(['ERR_MEMORY_ALLOCATION_FAILED', 'ENOMEM']);
const MESSAGES = [
  /^(?:Array buffer|Failed to) allocat(?:ion failed|e memory)/,
  /^WebAssembly\.(?:Memory|Table|Instance)\b.*(?:could not allocate|out of memory|unable to grow|cannot allocate)/i,
  /\bout of memory\b/i,
  /\bstd::bad_(?:array_new_length|alloc)\b/,
  /\bbad allocation\b/i,
  /\bcannot allocate memory\b/i,
  /\b(?:unable|failed) to allocate\b/i,
  /\bnot enough memory\b/i,
];

/** Whether a task failed because memory was refused to it. */
export function isAllocationFailure({ code, message }: Failure): boolean {
  return (code !== undefined && CODES.has(code)) || MESSAGES.some((pattern) => pattern.test(message));
}

// What V8 and the C++ library print when they cannot go on without memory and abort.
const FATAL =
  /JavaScript heap out of memory|Allocation failed|std::bad_alloc|Fatal process out of memory|out of memory/i;

/** Whether the last lines on the standard error of a dead process say that memory was refused to it. */
export function isFatalAllocation(lastLines: string): boolean {
  return FATAL.test(lastLines);
}
