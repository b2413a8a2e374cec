/** Signals that ask a program to end, and the exit status that shells give to one that they ended. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Ends the process at SIGINT and SIGTERM by way of its exit handlers, so that the guarded children die with it, in the
 * middle of native code too. Then it dies of the signal, as whoever sent it expects.
 */
export function exitOnSignals(): void {
  for (const [signal, status] of Object.entries(SIGNALS)) {
    process.once(signal, () => {
      process.once('exit', () => {
        process.kill(process.pid, signal);
      });
      // The status counts where the signal cannot kill: the first process of a container ignores it.
      process.exit(status);
    });
  }
}
