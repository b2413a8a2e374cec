import { DependencyError } from '../errors.ts';
import { writeProjectFiles } from '../project-writer.ts';
import { parseJsonDocument } from '../readers/json-document.ts';
import { openLockFile, textOf } from '../readers/lock-file.ts';
import { TOML_TEXT, YAML_TEXT } from './text-format.ts';

const MARK = '\uFEFF';

interface EditedFile {
  /** As it is on disk; undefined if it is not there. */
  readonly before: Uint8Array | undefined;
  readonly mark: string;
  text: string | undefined;
  isChanged: boolean;
}

/**
 * Edits of a project that are made in memory first. They are written together, or not at all: not one of them if a file
 * is another one by then.
 */
export class ProjectEdits {
  readonly #root: string;
  readonly #files = new Map<string, EditedFile>();

  /** @param root - Without links in its path. */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * A file as it will be, without its byte order mark. JSON, TOML and YAML are what they are called.
   *
   * @returns undefined if there is none.
   * @throws {DependencyError} `ERR_DEP_LOCKFILE` for another text, or a key that stands there twice; `ERR_DEP_LIMIT`,
   *   `ERR_DEP_UNREADABLE`.
   */
  async read(path: string): Promise<string | undefined> {
    return (await this.#open(path)).text;
  }

  /** Sets what a file will have in it. */
  async change(path: string, text: string): Promise<void> {
    const file = await this.#open(path);
    file.isChanged ||= file.text !== text;
    file.text = text;
  }

  /** @throws {DependencyError} `ERR_DEP_UNREADABLE` if a file has changed since, or cannot be written. */
  async write(): Promise<void> {
    const changed = [...this.#files].filter(([, { isChanged }]) => isChanged);
    for (const [path, { before }] of changed) {
      const now = (await openLockFile(this.#root, path))?.bytes;
      const isSame =
        now === undefined || before === undefined ? now === before : Buffer.compare(now, before) === 0;
      if (!isSame) {
        throw new DependencyError(
          'ERR_DEP_UNREADABLE',
          `${path}: expected the file as it was read, found it changed since`,
        );
      }
    }
    await writeProjectFiles(
      this.#root,
      changed.map(([path, { mark, text, before }]) => ({ path, text: mark + (text ?? ''), before })),
    );
  }

  async #open(path: string): Promise<EditedFile> {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const file = await openLockFile(this.#root, path);
    const hasMark = file !== undefined && Buffer.from(file.bytes.subarray(0, 3)).toString('utf8') === MARK;
    if (file !== undefined) checkForm(path, textOf(file));
    const opened: EditedFile = {
      before: file?.bytes,
      mark: hasMark ? MARK : '',
      text: file === undefined ? undefined : textOf(file),
      isChanged: false,
    };
    this.#files.set(path, opened);
    return opened;
  }
}

function checkForm(path: string, text: string): void {
  if (path.endsWith('.json')) {
    parseJsonDocument({ path, text }, (keys) => keys.length === 1);
    return;
  }
  const isToml = path.endsWith('.toml') || /(?:^|\/)Pipfile$/.test(path);
  if (!isToml && !path.endsWith('.yaml')) return;
  try {
    (isToml ? TOML_TEXT : YAML_TEXT).parse(text);
  } catch (cause) {
    throw new DependencyError(
      'ERR_DEP_LOCKFILE',
      `${path}: expected ${isToml ? 'TOML' : 'YAML'}, found something else`,
      { cause },
    );
  }
}
