import { tell } from './tell.ts';

/** Both are told. What a task reports is a stranger's: a listener that throws at it must not end the host. */
export function mergeListeners(
  ...listeners: readonly (((progress: unknown) => void) | undefined)[]
): ((progress: unknown) => void) | undefined {
  if (listeners.every((listener) => listener === undefined)) return undefined;
  return (progress) => {
    for (const listener of listeners) {
      if (listener !== undefined) tell(listener, progress);
    }
  };
}
