/**
 * Places of texts, start and end in turn, and an id for each. Emptied and filled again for every node of a graph,
 * without giving its memory back in between as an array would.
 */
export class PlaceList {
  /** Starts and ends. */
  at = new Uint32Array(32);
  /** An id per place, for whoever fills them in. */
  ids = new Int32Array(16);
  /** How many places it holds. */
  count = 0;

  push(start: number, end: number): void {
    if (this.count === this.ids.length) {
      const { at, ids } = this;
      this.at = new Uint32Array(at.length * 2);
      this.at.set(at);
      this.ids = new Int32Array(ids.length * 2);
      this.ids.set(ids);
    }
    this.at[this.count * 2] = start;
    this.at[this.count * 2 + 1] = end;
    this.count++;
  }
}
