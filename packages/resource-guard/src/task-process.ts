import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { CHANNEL_FD, FrameError, FrameReader, writeFrame, type Frame } from './frame.ts';
import { parseReply, type Reply, type Request } from './message.ts';
import { spawnChild } from './spawn.ts';

/** How a process ended. */
export interface Death {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it sent that it may not send, if that is why it was killed. */
  readonly violation?: 'unreadable' | 'unexpected' | 'head-too-large' | 'body-too-large';
}

/** The one answer to a request: what the child sent, or that it died. `begun`: the task may have had effects. */
export type Ending =
  | { readonly type: 'reply'; readonly reply: Exclude<Reply, { type: 'begun' }>; readonly body: Buffer }
  | { readonly type: 'dead'; readonly death: Death; readonly begun: boolean };

interface Exchange {
  readonly id: string | undefined;
  readonly maxBodyBytes: number;
  begun: boolean;
  readonly resolve: (ending: Ending) => void;
}

/** Exit comes before the last bytes are read. They are waited for, but not for ever: a descendant may hold the pipe. */
const LAST_BYTES_MS = 100;

/** Processes not yet known to be dead. */
const live = new Set<TaskProcess>();

// A child in a loop or in native code does not notice that its host ends, so a host that can still act kills it.
function killLive(): void {
  for (const process of live) process.kill();
}

/** One child and its channel. Whatever it sends out of turn is answered with SIGKILL. */
export class TaskProcess {
  readonly pid: number;
  /** Resolves when the process is gone and its channel closed. */
  readonly dead: Promise<Death>;
  readonly #child: ChildProcess;
  readonly #channel: Socket;
  readonly #reader: FrameReader;
  #exchange: Exchange | undefined;
  #violation: Death['violation'];
  #death: Death | undefined;
  #killed = false;

  /** @throws if the operating system refuses another process. */
  constructor(maxOutputBytes: number) {
    this.#child = spawnChild();
    // A refused spawn is known at once by the missing pid; Node reports it once more, later, as an event.
    this.#child.on('error', () => undefined);
    if (this.#child.pid === undefined) throw new Error('the operating system refused another process');
    this.pid = this.#child.pid;
    if (live.size === 0) process.on('exit', killLive);
    live.add(this);
    this.#reader = new FrameReader(maxOutputBytes);
    this.#channel = this.#child.stdio[CHANNEL_FD] as Socket;
    this.dead = new Promise((resolve) => {
      this.#child.once('close', (exitCode, signal) => {
        live.delete(this);
        if (live.size === 0) process.off('exit', killLive);
        const violation = this.#violation;
        this.#death = { exitCode, signal, ...(violation && { violation }) };
        this.#end({ type: 'dead', death: this.#death, begun: this.#exchange?.begun ?? false });
        resolve(this.#death);
      });
    });
    this.#child.once('exit', () => {
      if (this.#channel.closed) return;
      const timer = setTimeout(() => this.#channel.destroy(), LAST_BYTES_MS);
      this.#channel.once('close', () => {
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
      this.kill();
    });
  }

  /** Whether it can still be given work. */
  get alive(): boolean {
    return !this.#killed && this.#death === undefined;
  }

  /** Sends one request. The answer may take for ever: limits are the caller's, by {@link kill}. Never rejects. */
  exchange(request: Request, body?: Uint8Array): Promise<Ending> {
    return new Promise((resolve) => {
      const id = request.type === 'run' ? request.id : undefined;
      const maxBodyBytes = request.type === 'run' ? request.outputBytes : 0;
      this.#exchange = { id, maxBodyBytes, begun: false, resolve };
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
    this.#child.kill('SIGKILL');
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
    if (reply.type !== 'begun') {
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
