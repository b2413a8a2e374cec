import { SanitizeError } from '../errors.ts';

/** Lines of ffmpeg's `metadata` filter are far shorter; only something else could be longer. */
const MAX_LINE_LENGTH = 1024;
const LINE = /^frame:(\d+)\s+pts:(-?\d+)\s/;

/**
 * The times of frames, in microseconds, as ffmpeg's `metadata=mode=print` filter writes them: one line with the number
 * and the time of each frame before the frame itself.
 */
export class FrameTimes {
  readonly #times: number[] = [];
  #count = 0;
  #text = '';
  #ended = false;
  #error: SanitizeError | undefined;
  #wake: () => void = () => undefined;

  /** More text. Never throws: whoever asks for the next time is told. */
  add(piece: string): void {
    const lines = (this.#text + piece).split('\n');
    this.#text = lines.pop()!;
    for (const line of lines) this.#read(line);
    if (this.#text.length > MAX_LINE_LENGTH) this.#fail('expected the times of frames, found something else');
    this.#wake();
  }

  /** No more text will come. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /**
   * The time of the next frame.
   *
   * @throws {SanitizeError} `ERR_INPUT_DIMENSIONS` if the frames changed their size, `ERR_INPUT_CORRUPT` if there is none.
   */
  async next(): Promise<number> {
    while (this.#times.length === 0 && !this.#ended && !this.#error) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    // A change is only known ahead of its frame: those before it keep their times.
    const time = this.#times.shift();
    if (time !== undefined) return time;
    throw this.#error ?? new SanitizeError('ERR_INPUT_CORRUPT', 'expected a time for each frame, found none');
  }

  #read(line: string): void {
    if (this.#error || !line.startsWith('frame:')) return;
    const [, index, time] = LINE.exec(line) ?? [];
    if (index === undefined) {
      this.#fail('expected the times of frames, found something else');
    } else if (Number(index) !== this.#count) {
      // The filters start anew, and count from zero, when frames of another size or kind come in.
      this.#error = new SanitizeError(
        'ERR_INPUT_DIMENSIONS',
        'expected frames of one size from first to last, found a change',
      );
    } else {
      this.#count++;
      this.#times.push(Number(time));
    }
  }

  #fail(message: string): void {
    this.#error ??= new SanitizeError('ERR_INPUT_CORRUPT', message);
  }
}
