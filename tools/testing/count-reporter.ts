import type { TestEvent } from 'node:test/reporters'

/** A reporter for `node --test` that yields one line of JSON at the end: the counts of the whole run. */
export default async function* counts(source: AsyncIterable<TestEvent>) {
  for await (const event of source) {
    // Each file has a summary of its own; the one without a file is the sum.
    if (event.type === 'test:summary' && event.data.file === undefined) yield `${JSON.stringify(event.data.counts)}\n`
  }
}
