import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isId } from './ids.ts'
import { fnv1a, PARTITIONS, partitionOf, STREAMS, streamOf } from './partition.ts'
import { entityOf, names } from './subjects.ts'

const sb = names('sb')
const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('*', '>', '.', 'a.b', 'a b', '', '$JS', 'a\n', 'a\u0000', '{x}', `${'x'.repeat(64)}`, 'x'.repeat(65)),
  fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
)

const makers: Readonly<Record<string, (id: string) => string>> = {
  command: (id) => sb.command('room', id),
  log: (id) => sb.log('room', id),
  live: (id) => sb.live('user', id),
  reply: (id) => sb.reply(id),
  presence: (id) => sb.presence(id),
  mark: (id) => sb.mark(id, id),
  'mark of a user': (id) => sb.mark('r1', id),
}

for (const [name, make] of Object.entries(makers)) {
  test(`the subject of ${name}, for any text as its id, is literal or is refused`, () => {
    fc.assert(
      fc.property(anyText, (id) => {
        if (!isId(id)) return assert.throws(() => make(id), /not a subject token/)
        const subject = make(id)
        assert.match(subject, /^[A-Za-z0-9_.-]+$/)
        assert.ok(!subject.split('.').some((token) => token === ''))
        assert.equal(subject.split('.').at(-1), id)
      }),
      { numRuns: 500 },
    )
  })
}

test('a namespace, when it is no token, then there are no names', () => {
  for (const namespace of ['', 'a.b', '*', '>', 'a b']) assert.throws(() => names(namespace), /not a subject token/)
})

test('an entity, read from its command, log and live subjects, is the one they were made for', () => {
  for (const subject of [sb.command('room', 'r1'), sb.log('room', 'r1'), sb.live('room', 'r1')])
    assert.deepEqual(entityOf(subject), { kind: 'room', id: 'r1' })
})

test('the log, republished by its rule, comes out on the live subject of the same entity', () => {
  const [, , , kind = '', id = ''] = sb.log('room', 'r1').split('.')
  const dest = sb.logRepublish.dest.replace('{{wildcard(2)}}', kind).replace('{{wildcard(3)}}', id)
  assert.equal(dest, sb.live('room', 'r1'))
  assert.equal(sb.logRepublish.src.split('.').length, sb.log('room', 'r1').split('.').length)
})

test('subjects of the streams, taken together, cover every partition once', () => {
  for (const subjectsOf of [sb.commandsSubjects, sb.logSubjects]) {
    const all = Array.from({ length: STREAMS }, (_, stream) => subjectsOf(stream)).flat()
    assert.equal(all.length, PARTITIONS)
    assert.equal(new Set(all).size, PARTITIONS)
  }
  assert.ok(sb.logSubjects(streamOf(partitionOf('r1'))).includes(sb.logOf(partitionOf('r1'))))
})

test('names of two namespaces, compared, share nothing', () => {
  // Keys of leases lie in a bucket that has the namespace itself.
  const strings = ({ edgeLeases: _, ...of }: ReturnType<typeof names>) =>
    Object.values(of).filter((value) => typeof value === 'string')
  const other = new Set(strings(names('sb2')))
  for (const name of strings(sb)) assert.ok(!other.has(name), name)
})

const KNOWN: readonly [string, number][] = [
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['b', 0xe70c2de5],
  ['foobar', 0xbf9cf968],
  ['hello', 0x4f9f2cab],
  ['ä', 0x199de0e2],
]

for (const [text, hash] of KNOWN) {
  test(`FNV-1a, of ${JSON.stringify(text)}, is the published value`, () => assert.equal(fnv1a(text), hash))
}

test('partitions, over many ids, are all used and about even', () => {
  const counts = new Map<number, number>()
  for (let i = 0; i < 64_000; i += 1) {
    const partition = partitionOf(`room-${i}`)
    counts.set(partition, (counts.get(partition) ?? 0) + 1)
  }
  assert.equal(counts.size, PARTITIONS)
  for (const [partition, count] of counts) assert.ok(count > 700 && count < 1_300, `${partition} has ${count}`)
})

test('a partition, for any text, is one of those there are', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const partition = partitionOf(text)
      assert.ok(Number.isInteger(partition) && partition >= 0 && partition < PARTITIONS)
      assert.ok(streamOf(partition) >= 0 && streamOf(partition) < STREAMS)
    }),
  )
})
