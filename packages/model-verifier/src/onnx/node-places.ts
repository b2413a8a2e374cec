import { Cursor } from './cursor.ts';
import { PlaceList } from './place-list.ts';

/** Where the parts of one NodeProto stand. Filled again for every node of a graph. */
export class NodePlaces {
  /** With their ids in the scope; -1 where they are left out or come from further out. */
  readonly ins = new PlaceList();
  readonly outs = new PlaceList();
  /** Start and end in turn. */
  readonly attributes: number[] = [];
  nameStart = 0;
  nameEnd = 0;
  typeStart = 0;
  typeEnd = 0;
  domainStart = 0;
  domainEnd = 0;
  overloadStart = 0;
  overloadEnd = 0;
  readonly #bytes: Uint8Array;
  readonly #cursor: Cursor;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#cursor = new Cursor(bytes);
  }

  /**
   * Takes the node that stands between `start` and `end` and has passed `checkWire`. All its fields have a length in
   * front, so that no cursor is needed: a graph has hundreds of thousands.
   */
  read(start: number, end: number): void {
    const bytes = this.#bytes;
    const { ins, outs, attributes } = this;
    ins.count = outs.count = 0;
    // To cut an array gives its memory back: most nodes of a large graph have no attribute at all.
    if (attributes.length > 0) attributes.length = 0;
    this.nameStart = this.nameEnd = this.typeStart = this.typeEnd = 0;
    this.domainStart = this.domainEnd = this.overloadStart = this.overloadEnd = 0;
    for (let position = start; position < end;) {
      const tag = bytes[position++]!;
      if (tag >= 0x80 || (tag & 7) !== 2) {
        // Nothing that the format knows.
        this.#cursor.open(position - 1, end).next();
        position = this.#cursor.end;
        continue;
      }
      let length = bytes[position++]!;
      if (length >= 0x80) {
        length &= 0x7f;
        for (let factor = 128, more = true; more; factor *= 128) {
          const byte = bytes[position++]!;
          length += (byte & 0x7f) * factor;
          more = byte >= 0x80;
        }
      }
      const from = position;
      position += length;
      switch (tag >>> 3) {
        case 1:
          ins.push(from, position);
          break;
        case 2:
          outs.push(from, position);
          break;
        case 3:
          this.nameStart = from;
          this.nameEnd = position;
          break;
        case 4:
          this.typeStart = from;
          this.typeEnd = position;
          break;
        case 5:
          attributes.push(from, position);
          break;
        case 7:
          this.domainStart = from;
          this.domainEnd = position;
          break;
        case 8:
          this.overloadStart = from;
          this.overloadEnd = position;
          break;
      }
    }
  }
}
