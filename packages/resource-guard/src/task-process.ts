import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { isFatalAllocation } from './allocation-failure.ts';
import { CHANNEL_FD, FrameError, FrameReader, writeFrame, type Frame } from './frame.ts';
import { LastLines } from './last-lines.ts';
import { parseReply, type Reply, type Request } from './message.ts';
import { ProcessTree } from './process-tree.ts';
import { spawnChild } from './spawn.ts';
import { LAST_WORD_FD, readWord, type WatchReason } from './watch.ts';

/** How a process ended. */
export interface Death {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it sent that it may not send, if that is why it was killed. */
  readonly violation?: 'unreadable' | 'unexpected' | 'head-too-large' | 'body-too-large';
  /** Why its own watchdog ended it, if that did. */
  readonly watchdog?: WatchReason;
  /** Whether its last lines say that an allocation was refused to it. */
  readonly outOfMemory: boolean;
}

/** The one answer to a request: what the child sent, or that it died. `begun`: the task may have had effects. */
export type Ending =
  | {
      readonly type: 'reply';
      readonly reply: Exclude<Reply, { type: 'begun' | 'progress' }>;
      readonly body: Buffer;
    }
  | { readonly type: 'dead'; readonly death: Death; readonly begun: boolean };

interface Exchange {
  readonly id: string | undefined;
  readonly maxBodyBytes: number;
  begun: boolean;
  /** Reports that may still come. */
  reports: number;
  readonly onProgress: ((progress: unknown) => void) | undefined;
  readonly resolve: (ending: Ending) => void;
}

/** Exit comes before the last bytes are read. They are waited for, but not for ever: a descendant may hold the pipe. */
const LAST_BYTES_MS = 100;

/** Reports of progress that the host reads from one run: an honest child sends 50 a second. */
const MAX_REPORTS = 100_000;

/** Processes not yet known to be dead. */
const live = new Set<TaskProcess>();

// A child in a loop or in native code does not notice that its host ends, so a host that can still act kills it.
function killLive(): void {
  for (const process of live) process.kill();
}

/** How a child is started and watched. */
export interface SpawnOptions {
  /** Program and arguments, with every layer around them. */
  readonly command: readonly string[];
  /** Processes between the one that is spawned and the task. */
  readonly depth: 0 | 2;
  /** Where the process file system is. */
  readonly proc: string;
  /** Largest output of any run. */
  readonly outputBytes: number;
}

/** One child and its channel. Whatever it sends out of turn is answered with SIGKILL. */
export class TaskProcess {
  /** Everything that this spawn leads to. */
  readonly tree: ProcessTree;
  /** Resolves when the process is gone and its channel closed. */
  readonly dead: Promise<Death>;
  readonly #child: ChildProcess;
  readonly #channel: Socket;
  readonly #lastLines: LastLines;
  readonly #reader: FrameReader;
  #watchdog: WatchReason | undefined;
  #exchange: Exchange | undefined;
  #violation: Death['violation'];
  #death: Death | undefined;
  #killed = false;

  /** @throws if the operating system refuses another process. */
  constructor({ command, depth, proc, outputBytes }: SpawnOptions) {
    this.#child = spawnChild(command);
    // A refused spawn is known at once by the missing pid; Node reports it once more, later, as an event.
    this.#child.on('error', () => undefined);
    if (this.#child.pid === undefined) throw new Error('the operating system refused another process');
    this.tree = new ProcessTree(this.#child.pid, depth, proc);
    if (live.size === 0) process.on('exit', killLive);
    live.add(this);
    this.#reader = new FrameReader(outputBytes);
    this.#channel = this.#child.stdio[CHANNEL_FD] as Socket;
    this.#lastLines = new LastLines(this.#child.stderr as Socket);
    const lastWord = this.#child.stdio[LAST_WORD_FD] as Socket;
    this.dead = new Promise((resolve) => {
      this.#child.once('close', (code, found) => {
        live.delete(this);
        if (live.size === 0) process.off('exit', killLive);
        // A wrapper reports the signal that ended its child as a shell does.
        const signal = found ?? (depth === 2 ? readSignal(code) : null);
        this.#death = {
          exitCode: signal === null ? code : null,
          signal,
          ...(this.#violation && { violation: this.#violation }),
          ...(this.#watchdog && { watchdog: this.#watchdog }),
          outOfMemory: isFatalAllocation(this.#lastLines.text),
        };
        this.#end({ type: 'dead', death: this.#death, begun: this.#exchange?.begun ?? false });
        resolve(this.#death);
      });
    });
    this.#child.once('exit', () => {
      this.tree.sweep();
      const streams = [this.#channel, lastWord, this.#child.stderr!];
      const timer = setTimeout(() => {
        for (const stream of streams) stream.destroy();
      }, LAST_BYTES_MS);
      this.#child.once('close', () => {
        clearTimeout(timer);
      });
    });
    this.#channel.on('data', (chunk: Buffer) => {
      this.#receive(chunk);
    });
    // A child that has closed its channel can no longer answer, nor notice that its host is gone.
    this.#channel.on('error', () => {
      this.kill();
    });
    this.#channel.on('close', () => {
      // Most likely it is dying, and how is told in a moment.
      setTimeout(() => {
        this.kill();
      }, LAST_BYTES_MS).unref();
    });
    lastWord.on('error', () => undefined);
    lastWord.on('data', (bytes: Buffer) => {
      // It is written right before death, and once.
      this.#watchdog ??= readWord(bytes);
      this.kill();
    });
  }

  /** Whether it can still be given work. */
  get alive(): boolean {
    return !this.#killed && !this.#channel.closed && this.#death === undefined;
  }

  /** Sends one request. The answer may take for ever: limits are the caller's, by {@link kill}. Never rejects. */
  exchange(request: Request, body?: Uint8Array, onProgress?: (progress: unknown) => void): Promise<Ending> {
    return new Promise((resolve) => {
      const id = request.type === 'run' ? request.id : undefined;
      const maxBodyBytes = request.type === 'run' ? request.outputBytes : 0;
      this.#exchange = { id, maxBodyBytes, begun: false, reports: MAX_REPORTS, onProgress, resolve };
      if (this.#death !== undefined) {
        this.#end({ type: 'dead', death: this.#death, begun: false });
      } else if (!this.#killed) {
        writeFrame(this.#channel, request, body);
      }
    });
  }

  /** SIGKILL. Nothing that the process sent and the host has not yet read will be read. */
  kill(): void {
    if (this.#killed) return;
    this.#killed = true;
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.tree.kill();
    this.#channel.destroy();
  }

  #receive(chunk: Buffer): void {
    if (!this.alive) return;
    try {
      for (const frame of this.#reader.push(chunk)) {
        if (!this.#accept(frame)) return;
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#violate(error.reason);
    }
  }

  /** @returns whether the next frame may be looked at. */
  #accept({ head, body }: Frame): boolean {
    const reply = parseReply(head);
    if (reply === undefined) return this.#violate('unreadable');
    const exchange = this.#exchange;
    const id = 'id' in reply ? reply.id : undefined;
    if (exchange === undefined || exchange.id !== id) return this.#violate('unexpected');
    // The reader keeps to the guard's limit; this run's may be a smaller one.
    if (body.byteLength > exchange.maxBodyBytes) return this.#violate('body-too-large');
    if (reply.type === 'progress') {
      exchange.reports -= 1;
      if (!exchange.begun || exchange.reports < 0) return this.#violate('unexpected');
      exchange.onProgress?.(reply.progress);
    } else if (reply.type !== 'begun') {
      this.#end({ type: 'reply', reply, body });
    } else if (exchange.begun) {
      return this.#violate('unexpected');
    } else {
      exchange.begun = true;
    }
    return true;
  }

  #violate(violation: NonNullable<Death['violation']>): false {
    this.#violation ??= violation;
    this.kill();
    return false;
  }

  #end(ending: Ending): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.resolve(ending);
  }
}

/** `128 + number` is how a shell, and bubblewrap, tell of a signal. */
function readSignal(code: number | null): NodeJS.Signals | null {
  const names = Object.entries(constants.signals) as [NodeJS.Signals, number][];
  return names.find(([, number]) => number + 128 === code)?.[0] ?? null;
}
