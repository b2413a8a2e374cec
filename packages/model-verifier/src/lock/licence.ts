/**
 * Whether a text is an SPDX licence expression by its grammar. The identifiers themselves are not looked up: the list of
 * them grows, and a lock outlives it.
 *
 * @see https://spdx.github.io/spdx-spec/v3.0.1/annexes/spdx-license-expressions/
 */
export function isLicenceExpression(text: string): boolean {
  let open = 0;
  let wantsLicence = true;
  /** What may follow: after a licence an exception, after an exception neither. */
  let mayHaveException = false;
  let wantsException = false;
  for (const word of text.match(/[()]|[^\s()]+/g) ?? []) {
    const isOperator = word === 'AND' || word === 'OR' || word === 'WITH';
    if (wantsLicence && !wantsException && word === '(') open++;
    else if (wantsLicence && !isOperator && LICENCE.test(word)) {
      wantsLicence = false;
      mayHaveException = !wantsException;
      wantsException = false;
    } else if (!wantsLicence && word === ')' && open > 0) {
      open--;
      mayHaveException = false;
    } else if (!wantsLicence && isOperator && (word !== 'WITH' || mayHaveException)) {
      wantsLicence = true;
      wantsException = word === 'WITH';
    } else return false;
  }
  return !wantsLicence && open === 0;
}

const LICENCE = /^(?:DocumentRef-[A-Za-z0-9.-]+:)?[A-Za-z0-9.-]+\+?$/;
