// The same work for every pool: something that takes a while, and bytes that come and go.

/** Some milliseconds of arithmetic on a megabyte. */
export function work(bytes: Uint8Array): number {
  let sum = 0;
  for (let round = 0; round < 20; round += 1) {
    for (let index = 0; index < bytes.length; index += 4) sum = (sum + bytes[index]! * round) | 0;
  }
  return sum;
}

/** What tinypool and piscina call. */
export default work;
