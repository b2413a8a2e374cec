/**
 * Groups of ids that name the same vulnerability. Aliases are symmetric and transitive, also through ids that no record
 * has, such as a CVE that two databases share. `related` and `upstream` ids never join groups.
 *
 * @see OSV schema, "aliases"
 */
export class AliasGroups {
  readonly #parents = new Map<string, string>();

  /** Says that all these ids are the same vulnerability. */
  join(ids: readonly string[]): void {
    const [first, ...others] = ids;
    if (first === undefined) return;
    const root = this.#find(first);
    for (const other of others) this.#parents.set(this.#find(other), root);
  }

  /** A text that is equal for ids of the same group only. */
  groupOf(id: string): string {
    return this.#parents.has(id) ? this.#find(id) : id;
  }

  /** Every group with all its ids, sorted. */
  groups(): Map<string, string[]> {
    const groups = new Map<string, string[]>();
    for (const id of this.#parents.keys()) {
      const root = this.#find(id);
      const ids = groups.get(root);
      if (ids === undefined) groups.set(root, [id]);
      else ids.push(id);
    }
    for (const ids of groups.values()) ids.sort();
    return groups;
  }

  #find(id: string): string {
    let root = id;
    for (let parent = this.#parents.get(root); parent !== undefined && parent !== root;) {
      root = parent;
      parent = this.#parents.get(root);
    }
    // Point everything on the way at the root, so that long chains stay cheap.
    for (let at = id; at !== root;) {
      const next = this.#parents.get(at) ?? root;
      this.#parents.set(at, root);
      at = next;
    }
    this.#parents.set(root, root);
    return root;
  }
}
